//! One good file made bad.

use crate::random::Random;

/// A mutant of one of some good files: the same for the same seed and case.
pub fn mutant(seeds: &[Vec<u8>], seed: usize, case: usize, text: bool) -> Vec<u8> {
    let mut random = Random((seed as u64) << 32 | case as u64);
    // The first draws of neighbouring seeds are alike.
    (0..8).for_each(|_| _ = random.below(2));
    let mut bytes = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(3) {
        if text && random.below(4) > 0 {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            bytes = match random.below(2) {
                0 => random.extreme_number(&text),
                _ => random.move_line(&text),
            }
            .into_bytes();
        } else {
            change(&mut bytes, &mut random);
        }
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, random: &mut Random) {
    if bytes.is_empty() {
        return;
    }
    match random.below(8) {
        0 => bytes.truncate(random.below(bytes.len())),
        1 => bytes.truncate(bytes.len() - random.below(bytes.len().min(64))),
        2 | 3 => {
            let at = place(bytes, random);
            bytes[at] ^= 1 << random.below(8);
        }
        4 => {
            for _ in 0..random.below(16) {
                let at = place(bytes, random);
                bytes[at] = random.below(256) as u8;
            }
        }
        5 => number(bytes, random),
        6 => {
            let at = place(bytes, random);
            bytes[at] = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff][random.below(6)];
        }
        _ => random.mutate(bytes),
    }
}

/// Where headers are: half of the time near the end, where a footer is.
fn place(bytes: &[u8], random: &mut Random) -> usize {
    let tail = bytes.len().min(1 + bytes.len() / 4);
    match random.below(2) {
        0 => bytes.len() - 1 - random.below(tail),
        _ => random.below(bytes.len()),
    }
}

/// A gigantic number over what is there or between it: as a varint, or in four or eight bytes.
fn number(bytes: &mut Vec<u8>, random: &mut Random) {
    let digits: &[u8] = match random.below(5) {
        0 => &[0xfe, 0xff, 0xff, 0xff, 0x0f],
        1 => &[0x80, 0x80, 0x80, 0x80, 0x08],
        2 => &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
        3 => &[0xff, 0xff, 0xff, 0x7f],
        _ => &[0, 0, 0, 0, 0, 1, 0, 0],
    };
    let at = place(bytes, random);
    let end = (at + digits.len() * random.below(2)).min(bytes.len());
    bytes.splice(at..end, digits.iter().copied());
}
