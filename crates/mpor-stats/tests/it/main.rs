//! One test binary: golden vectors, reference values, laws.

#[cfg(test)]
mod golden;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod rolling;
#[cfg(test)]
mod skew_t;
#[cfg(test)]
mod special;
