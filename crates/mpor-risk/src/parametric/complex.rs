//! The few operations on complex numbers that a contour integral needs.

/// A complex number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Complex {
    pub(super) re: f64,
    pub(super) im: f64,
}

impl Complex {
    pub(super) fn new(re: f64, im: f64) -> Self {
        Complex { re, im }
    }

    pub(super) fn plus(self, other: Complex) -> Self {
        Complex::new(self.re + other.re, self.im + other.im)
    }

    pub(super) fn times(self, other: Complex) -> Self {
        let re = self.re * other.re - self.im * other.im;
        Complex::new(re, self.re * other.im + self.im * other.re)
    }

    pub(super) fn scaled(self, by: f64) -> Self {
        Complex::new(by * self.re, by * self.im)
    }

    pub(super) fn over(self, other: Complex) -> Self {
        let size = other.re * other.re + other.im * other.im;
        self.times(Complex::new(other.re / size, -other.im / size))
    }

    /// The logarithm whose imaginary part lies in (-pi, pi].
    pub(super) fn log(self) -> Self {
        Complex::new(libm::log(libm::hypot(self.re, self.im)), libm::atan2(self.im, self.re))
    }

    pub(super) fn exponential(self) -> Self {
        let size = libm::exp(self.re);
        Complex::new(size * libm::cos(self.im), size * libm::sin(self.im))
    }
}
