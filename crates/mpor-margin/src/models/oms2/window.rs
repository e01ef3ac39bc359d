//! The window method: the worst place of windows that slide over valuation points, one inside another.
//!
//! ```text
//! L_j(p, v)        loss of underlying j at price point p and volatility state v
//! worst(j, B)      max of L_j over the cells of block B
//! worst(C, B)      max over the blocks C' of C's size inside B of  sum over members i of C of worst(i, C')
//! requirement      worst(outermost, all cells)
//! ```
//!
//! A block is a run of price points by a run of volatility states. With one level and all volatility states it is
//! `max_k sum_j max over p in [k, k + w - 1], v of L_j(p, v)`.

/// Volatility states: up, same, down.
pub const VOLS: usize = 3;

/// A run of price points by a run of volatility states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// First price point.
    pub point: usize,
    /// Number of price points.
    pub points: usize,
    /// First volatility state.
    pub vol: usize,
    /// Number of volatility states.
    pub vols: usize,
}

/// An underlying, or a window over some.
#[derive(Clone, Debug, PartialEq)]
pub enum Node<'a> {
    /// One underlying.
    Underlying {
        /// Its name.
        name: &'a str,
        /// Loss by cell, price points before volatility states: `[point * VOLS + vol]`. Positive is a loss.
        losses: &'a [f64],
    },
    /// Members that move together.
    Window {
        /// Its name.
        name: &'a str,
        /// Price points that it is wide.
        points: usize,
        /// Volatility states that it is wide.
        vols: usize,
        /// What is inside.
        members: Vec<Node<'a>>,
    },
}

/// The worst place of a node inside a block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worst {
    /// Loss there.
    pub loss: f64,
    /// The cell of an underlying, the window of others: the members are at their worst inside it.
    pub block: Block,
}

impl Block {
    /// All cells.
    #[must_use]
    pub fn all(points: usize) -> Self {
        Block { point: 0, points, vol: 0, vols: VOLS }
    }

    /// The blocks of a size inside this one, by price point, then by volatility state; a size beyond this block's is cut to it.
    fn inside(self, points: usize, vols: usize) -> impl Iterator<Item = Block> {
        let (points, vols) = (points.min(self.points), vols.min(self.vols));
        let last = self.point + self.points - points;
        (self.point..=last).flat_map(move |point| {
            let last = self.vol + self.vols - vols;
            (self.vol..=last).map(move |vol| Block { point, points, vol, vols })
        })
    }
}

impl<'a> Node<'a> {
    /// Of the underlying or the window.
    #[must_use]
    pub fn name(&self) -> &'a str {
        match self {
            Node::Underlying { name, .. } | Node::Window { name, .. } => name,
        }
    }

    /// What is inside a window.
    #[must_use]
    pub fn members(&self) -> &[Node<'a>] {
        match self {
            Node::Underlying { .. } => &[],
            Node::Window { members, .. } => members,
        }
    }

    /// The worst place inside a block; of equal ones the first.
    #[must_use]
    pub fn worst(&self, block: Block) -> Worst {
        match self {
            Node::Underlying { losses, .. } => worst_cell(losses, block),
            Node::Window { points, vols, members, .. } => {
                let at = |block: Block| {
                    let loss = members.iter().fold(0.0, |sum, own| sum + own.worst(block).loss);
                    Worst { loss, block }
                };
                let mut places = block.inside(*points, *vols);
                let first = at(places.next().unwrap_or(block));
                places.map(at).fold(first, larger)
            }
        }
    }
}

fn larger(best: Worst, next: Worst) -> Worst {
    if next.loss > best.loss { next } else { best }
}

/// The worst cell of a block of an underlying: by price point, then by volatility state, the first of equals.
fn worst_cell(losses: &[f64], block: Block) -> Worst {
    let cell = |at: usize| Block { point: at / VOLS, points: 1, vol: at % VOLS, vols: 1 };
    let found = |at: usize| Worst { loss: losses[at], block: cell(at) };
    let (from, to) = (block.point * VOLS, (block.point + block.points) * VOLS);
    if block.vols == VOLS {
        // All states: one run of cells, whose largest is looked for first and then placed.
        let most = largest(&losses[from..to]);
        let at = losses[from..to].iter().position(|&loss| loss == most).unwrap_or(0);
        return found(from + at);
    }
    let states = |point: usize| (point + block.vol)..(point + block.vol + block.vols);
    let cells = (from..to).step_by(VOLS).flat_map(states);
    cells.map(found).fold(found(from + block.vol), larger)
}

/// The largest of some losses, several at a time.
fn largest(losses: &[f64]) -> f64 {
    const LANES: usize = 8;
    let more = |a: f64, b: f64| if b > a { b } else { a };
    let (whole, rest) = losses.as_chunks::<LANES>();
    let mut most = [f64::NEG_INFINITY; LANES];
    for chunk in whole {
        most.iter_mut().zip(chunk).for_each(|(most, &loss)| *most = more(*most, loss));
    }
    most.iter().chain(rest).copied().fold(f64::NEG_INFINITY, more)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Losses by price point, the same in every volatility state.
    fn cells<const POINTS: usize>(losses: [f64; POINTS]) -> Vec<f64> {
        losses.into_iter().flat_map(|loss| [loss; VOLS]).collect()
    }

    fn underlying(losses: &[f64]) -> Node<'_> {
        Node::Underlying { name: "underlying", losses }
    }

    fn window(points: usize, vols: usize, members: Vec<Node<'_>>) -> Node<'_> {
        Node::Window { name: "window", points, vols, members }
    }

    #[test]
    fn a_window_lets_underlyings_be_as_far_apart_as_it_is_wide() {
        // hand: a long and a short of the same size at five points
        let long = cells([10.0, 5.0, 0.0, -5.0, -10.0]);
        let short = cells([-10.0, -5.0, 0.0, 5.0, 10.0]);
        let pair = || vec![underlying(&long), underlying(&short)];
        let worst = |points| window(points, VOLS, pair()).worst(Block::all(5)).loss;
        assert_eq!(worst(1), 0.0, "moving as one they cancel");
        assert_eq!(worst(2), 5.0, "one point apart");
        assert_eq!(worst(3), 10.0, "two points apart");
        assert_eq!(worst(5), 20.0, "each on its own");
    }

    #[test]
    fn a_window_inside_a_window_moves_within_it() {
        // hand: the inner pair is tied (one point), the third may be one point away: -10 + 5 and so on cancel to 5.
        let (a, b) = (cells([4.0, 2.0, 0.0, -2.0, -4.0]), cells([6.0, 3.0, 0.0, -3.0, -6.0]));
        let pair = window(1, VOLS, vec![underlying(&a), underlying(&b)]);
        let third = cells([-10.0, -5.0, 0.0, 5.0, 10.0]);
        let outer = window(2, VOLS, vec![pair, underlying(&third)]);
        let worst = outer.worst(Block::all(5));
        assert_eq!(worst.loss, 5.0);
        let members = outer.members().iter().map(|own| own.worst(worst.block).loss);
        assert_eq!(members.sum::<f64>(), 5.0);
        let tied = outer.members()[0].worst(worst.block);
        assert_eq!(tied.block.points, 1, "the pair at one of the two points");
    }

    #[test]
    fn volatility_states_are_tied_where_the_window_is_narrow() {
        // hand: one loses 3 when volatility rises, the other when it falls
        let (rises, falls) = ([3.0, 0.0, -3.0].repeat(3), [-3.0, 0.0, 3.0].repeat(3));
        let pair = || vec![underlying(&rises), underlying(&falls)];
        let worst = |vols| window(3, vols, pair()).worst(Block::all(3));
        assert_eq!(worst(3).loss, 6.0);
        assert_eq!(worst(2).loss, 3.0);
        assert_eq!(worst(1).loss, 0.0);
    }
}
