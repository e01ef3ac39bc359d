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
pub enum Node {
    /// One underlying.
    Underlying {
        /// Its name.
        name: String,
        /// Loss by cell, price points before volatility states: `[point * VOLS + vol]`. Positive is a loss.
        losses: Vec<f64>,
    },
    /// Members that move together.
    Window {
        /// Its name.
        name: String,
        /// Price points that it is wide.
        points: usize,
        /// Volatility states that it is wide.
        vols: usize,
        /// What is inside.
        members: Vec<Node>,
    },
}

/// The worst place of a node inside a block.
#[derive(Clone, Debug, PartialEq)]
pub struct Worst {
    /// Of the node.
    pub name: String,
    /// Loss there.
    pub loss: f64,
    /// The cell of an underlying, the window of others.
    pub block: Block,
    /// Of the members; none of an underlying.
    pub members: Vec<Worst>,
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

impl Node {
    /// The worst place inside a block; of equal ones the first.
    #[must_use]
    pub fn worst(&self, block: Block) -> Worst {
        match self {
            Node::Underlying { name, losses } => {
                let loss = |cell: &Block| losses[cell.point * VOLS + cell.vol];
                let mut cells = block.inside(1, 1);
                let first = cells.next().unwrap_or(block);
                let worse =
                    |best: Block, cell: Block| if loss(&cell) > loss(&best) { cell } else { best };
                let cell = cells.fold(first, worse);
                Worst { name: name.clone(), loss: loss(&cell), block: cell, members: Vec::new() }
            }
            Node::Window { name, points, vols, members } => {
                let at = |block: Block| {
                    let members: Vec<Worst> = members.iter().map(|own| own.worst(block)).collect();
                    let loss = members.iter().fold(0.0, |sum, own| sum + own.loss);
                    Worst { name: name.clone(), loss, block, members }
                };
                let mut places = block.inside(*points, *vols);
                let first = at(places.next().unwrap_or(block));
                places
                    .map(at)
                    .fold(first, |best, own| if own.loss > best.loss { own } else { best })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Losses by price point, the same in every volatility state.
    fn underlying(name: &str, losses: &[f64]) -> Node {
        let losses = losses.iter().flat_map(|&loss| [loss; VOLS]).collect();
        Node::Underlying { name: name.to_owned(), losses }
    }

    fn window(points: usize, vols: usize, members: Vec<Node>) -> Node {
        Node::Window { name: "window".to_owned(), points, vols, members }
    }

    #[test]
    fn a_window_lets_underlyings_be_as_far_apart_as_it_is_wide() {
        // hand: a long and a short of the same size at five points
        let long = || underlying("long", &[10.0, 5.0, 0.0, -5.0, -10.0]);
        let short = || underlying("short", &[-10.0, -5.0, 0.0, 5.0, 10.0]);
        let worst = |points| window(points, VOLS, vec![long(), short()]).worst(Block::all(5)).loss;
        assert_eq!(worst(1), 0.0, "moving as one they cancel");
        assert_eq!(worst(2), 5.0, "one point apart");
        assert_eq!(worst(3), 10.0, "two points apart");
        assert_eq!(worst(5), 20.0, "each on its own");
    }

    #[test]
    fn a_window_inside_a_window_moves_within_it() {
        // hand: the inner pair is tied (one point), the third may be one point away: -10 + 5 and so on cancel to 5.
        let pair = window(
            1,
            VOLS,
            vec![
                underlying("a", &[4.0, 2.0, 0.0, -2.0, -4.0]),
                underlying("b", &[6.0, 3.0, 0.0, -3.0, -6.0]),
            ],
        );
        let third = underlying("c", &[-10.0, -5.0, 0.0, 5.0, 10.0]);
        let worst = window(2, VOLS, vec![pair, third]).worst(Block::all(5));
        assert_eq!(worst.loss, 5.0);
        assert_eq!(worst.members[0].members.len(), 2);
        assert_eq!(worst.loss, worst.members.iter().map(|own| own.loss).sum::<f64>());
    }

    #[test]
    fn volatility_states_are_tied_where_the_window_is_narrow() {
        // hand: one loses 3 when volatility rises, the other when it falls
        let cell = |up: f64, down: f64| Node::Underlying {
            name: "x".to_owned(),
            losses: [up, 0.0, down].repeat(3),
        };
        let worst =
            |vols| window(3, vols, vec![cell(3.0, -3.0), cell(-3.0, 3.0)]).worst(Block::all(3));
        assert_eq!(worst(3).loss, 6.0);
        assert_eq!(worst(2).loss, 3.0);
        assert_eq!(worst(1).loss, 0.0);
    }
}
