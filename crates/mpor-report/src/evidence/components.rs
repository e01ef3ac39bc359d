//! The parts of a requirement: which are large enough to show, and do they add up?

use mpor_backtest::RequirementPath;

/// One part of a requirement through time, in reporting currency.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// Its name.
    pub name: String,
    /// One amount a step.
    pub amounts: Vec<f64>,
}

/// The parts of a requirement, largest mean first.
#[derive(Clone, Debug, PartialEq)]
pub struct Components {
    /// The parts.
    pub parts: Vec<Component>,
    /// Whether none is negative and they add up to the requirement, so that they can be stacked.
    pub stack: bool,
}

/// The `most` largest parts by mean size, the rest as one when they add up; parts that are zero throughout are
/// left out. `None` when there are no parts.
#[must_use]
pub fn components(path: &RequirementPath, most: usize) -> Option<Components> {
    let mut parts: Vec<Component> = path
        .components
        .iter()
        .filter(|(_, amounts)| amounts.iter().any(|&amount| amount != 0.0))
        .map(|(name, amounts)| Component { name: name.clone(), amounts: amounts.clone() })
        .collect();
    parts.sort_by(|a, b| size(b).total_cmp(&size(a)));
    if parts.is_empty() {
        return None;
    }
    let stack = adds_up(&parts, &path.initial);
    if parts.len() > most {
        let rest = parts.split_off(most.saturating_sub(1).max(1));
        if stack {
            parts.push(Component { name: format!("{} others", rest.len()), amounts: sum(&rest) });
        }
    }
    Some(Components { parts, stack })
}

fn size(component: &Component) -> f64 {
    component.amounts.iter().map(|amount| amount.abs()).sum()
}

fn sum(parts: &[Component]) -> Vec<f64> {
    let steps = parts.first().map_or(0, |part| part.amounts.len());
    (0..steps).map(|step| parts.iter().map(|part| part.amounts[step]).sum()).collect()
}

/// To one part in a million of the requirement: amounts are sums of many terms.
fn adds_up(parts: &[Component], total: &[f64]) -> bool {
    let positive = parts.iter().all(|part| part.amounts.iter().all(|&amount| amount >= 0.0));
    let close = |(sum, &total): (f64, &f64)| (sum - total).abs() <= 1e-6 * total.abs().max(1.0);
    positive && sum(parts).into_iter().zip(total).all(close)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(initial: &[f64], components: &[(&str, &[f64])]) -> RequirementPath {
        RequirementPath {
            initial: initial.to_vec(),
            components: components.iter().map(|(n, a)| ((*n).to_owned(), a.to_vec())).collect(),
            ..RequirementPath::default()
        }
    }

    #[test]
    fn parts_are_stacked_only_when_they_add_up() {
        let sum = path(&[3.0], &[("scan", &[2.0]), ("basis", &[1.0]), ("none", &[0.0])]);
        let found = components(&sum, 5).unwrap();
        assert!(found.stack);
        assert_eq!(found.parts.len(), 2);
        let max = path(&[2.0], &[("scan", &[2.0]), ("floor", &[1.0])]);
        assert!(!components(&max, 5).unwrap().stack);
    }

    #[test]
    fn small_parts_are_gathered() {
        let many = path(&[10.0], &[("a", &[4.0]), ("b", &[3.0]), ("c", &[2.0]), ("d", &[1.0])]);
        let found = components(&many, 3).unwrap();
        assert_eq!(found.parts[2], Component { name: "2 others".to_owned(), amounts: vec![3.0] });
    }
}
