//! Texts beside points, moved apart until none covers another.

use super::layout::Frame;

/// Baselines for texts that want to stand at `wanted` heights, at least `apart` apart and inside `low..high` where
/// they fit; in the order given.
pub(super) fn spread(wanted: &[f64], apart: f64, (low, high): (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]).then(a.cmp(&b)));
    let mut placed = wanted.to_vec();
    let mut floor = low;
    for &index in &order {
        placed[index] = placed[index].max(floor);
        floor = placed[index] + apart;
    }
    let mut ceiling = high;
    for &index in order.iter().rev() {
        placed[index] = placed[index].min(ceiling);
        ceiling = placed[index] - apart;
    }
    placed
}

/// Directions tried around a point, best first: right, left, above, below, diagonals.
const AROUND: [(f64, f64); 12] = [
    (1.0, 0.0),
    (-1.0, 0.0),
    (0.7, -0.9),
    (0.7, 0.9),
    (-0.7, -0.9),
    (-0.7, 0.9),
    (0.0, -1.0),
    (0.0, 1.0),
    (0.9, -0.4),
    (0.9, 0.4),
    (-0.9, -0.4),
    (-0.9, 0.4),
];
/// Distances tried, in points.
const DISTANCES: [f64; 8] = [5.0, 9.0, 16.0, 26.0, 40.0, 60.0, 85.0, 115.0];

/// The place of a text of `width` x `height` near a point: the first that stays inside `bounds` and off every
/// obstacle, and whether it is so far away that a line should lead to it. `None` when there is no room.
pub(super) fn near(
    point: (f64, f64),
    (width, height): (f64, f64),
    bounds: &Frame,
    obstacles: &[Frame],
) -> Option<(Frame, bool)> {
    for (ring, distance) in DISTANCES.into_iter().enumerate() {
        for direction in AROUND {
            let frame = beside(point, direction, distance, (width, height));
            let inside = frame.left >= bounds.left
                && frame.right <= bounds.right
                && frame.top >= bounds.top
                && frame.bottom <= bounds.bottom;
            let led = ring > 1;
            let free = |obstacle: &Frame| {
                !(obstacle.overlaps(&frame) || led && crosses(point, &frame, obstacle))
            };
            if inside && obstacles.iter().all(free) {
                return Some((frame, led));
            }
        }
    }
    None
}

/// The end of the line that leads from a point to a text: the nearest point of the text's frame.
pub(super) fn lead_end(point: (f64, f64), frame: &Frame) -> (f64, f64) {
    (point.0.clamp(frame.left, frame.right), point.1.clamp(frame.top, frame.bottom))
}

/// Small frames along a line, for later texts to keep off it.
pub(super) fn along(from: (f64, f64), to: (f64, f64)) -> impl Iterator<Item = Frame> {
    (1..=16).map(move |step| {
        let share = f64::from(step) / 16.0;
        let (x, y) = (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1));
        Frame { left: x - 0.8, top: y - 0.8, right: x + 0.8, bottom: y + 0.8 }
    })
}

/// Whether the line from a point to a text runs through an obstacle that does not hold the point itself.
fn crosses(point: (f64, f64), frame: &Frame, obstacle: &Frame) -> bool {
    let end = lead_end(point, frame);
    let on_line =
        |share: f64| (point.0 + share * (end.0 - point.0), point.1 + share * (end.1 - point.1));
    let holds = |(x, y): (f64, f64)| {
        x > obstacle.left && x < obstacle.right && y > obstacle.top && y < obstacle.bottom
    };
    !holds(point) && (1..=24).any(|step| holds(on_line(f64::from(step) / 24.0)))
}

fn beside(
    (x, y): (f64, f64),
    (right, down): (f64, f64),
    distance: f64,
    (width, height): (f64, f64),
) -> Frame {
    let left = match right {
        right if right > 0.0 => x + distance * right,
        right if right < 0.0 => x + distance * right - width,
        _ => x - width / 2.0,
    };
    let top = match down {
        down if down > 0.0 => y + distance * down,
        down if down < 0.0 => y + distance * down - height,
        _ => y - height / 2.0,
    };
    Frame { left, top, right: left + width, bottom: top + height }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crowded_labels_move_apart_and_stay_inside() {
        let placed = spread(&[50.0, 51.0, 52.0, 99.0], 10.0, (0.0, 100.0));
        let mut sorted = placed.clone();
        sorted.sort_by(f64::total_cmp);
        assert!(sorted.windows(2).all(|pair| pair[1] - pair[0] >= 10.0 - 1e-9));
        assert!(sorted[3] <= 100.0);
    }

    #[test]
    fn a_label_avoids_what_is_there() {
        let bounds = Frame { left: 0.0, top: 0.0, right: 100.0, bottom: 100.0 };
        let blocked = Frame { left: 50.0, top: 40.0, right: 100.0, bottom: 60.0 };
        let (frame, led) = near((50.0, 50.0), (20.0, 8.0), &bounds, &[blocked]).unwrap();
        assert!(!frame.overlaps(&blocked) && !led);
        assert!(near((50.0, 50.0), (200.0, 8.0), &bounds, &[]).is_none());
    }
}
