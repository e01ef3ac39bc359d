//! The worst scenario of many books, group by group: instruments once, accounts as sparse weights over them.
//!
//! ```text
//! scan_g  = max( 0, max_s - sum_i q[i] unit[i, s] )           over the instruments i of group g, such as one underlying
//! requirement = sum_g max( scan_g, sum_i max(-q[i], 0) minimum[i] )
//! ```
//!
//! Scenarios are padded to whole registers with nothing, which is never a loss, and eight of them are summed side by side over the
//! positions of a group, in their order, without fused multiplication: the same bits for every vector width. The margin of an account
//! over 33 scenarios is that many sums, whatever the formula behind the units; those are worked out once a day.

/// Scenarios summed side by side.
const LANES: usize = 8;

/// Unit P&L of a day's instruments under a grid of scenarios.
#[derive(Clone, Debug)]
pub struct GridScan {
    scenarios: usize,
    /// Registers of one row.
    width: usize,
    units: Vec<[f64; LANES]>,
    group: Vec<u32>,
    minimum: Vec<f64>,
}

/// What binds in one group.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GroupRisk {
    /// The group.
    pub group: u32,
    /// Worst loss over the scenarios, zero where there is none.
    pub scan: f64,
    /// Least requirement of the short positions.
    pub minimum: f64,
}

impl GridScan {
    /// No instrument yet, so many scenarios.
    #[must_use]
    pub fn new(scenarios: usize) -> Self {
        let width = scenarios.div_ceil(LANES);
        GridScan { scenarios, width, units: Vec::new(), group: Vec::new(), minimum: Vec::new() }
    }

    /// Forgets the instruments, keeps the memory.
    pub fn clear(&mut self) {
        self.units.clear();
        self.group.clear();
        self.minimum.clear();
    }

    /// Adds an instrument: its P&L of one long contract by scenario (gain positive), and the least requirement of one short contract.
    /// Its row is the number of instruments before. Scenarios that `pnl` lacks change nothing, and those that it has too many do not count.
    pub fn push(&mut self, group: u32, pnl: &[f64], minimum: f64) {
        let start = self.units.len();
        self.units.resize(start + self.width, [0.0; LANES]);
        let row = self.units[start..].as_flattened_mut();
        row.iter_mut().zip(pnl.iter().take(self.scenarios)).for_each(|(to, from)| *to = *from);
        self.group.push(group);
        self.minimum.push(minimum);
    }

    /// Number of instruments.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.group.len()
    }

    /// The group of a row.
    #[must_use]
    pub fn group(&self, row: usize) -> u32 {
        self.group[row]
    }

    /// Risk by group of a book of (row, signed quantity), whose rows are such that groups follow each other. `out` is overwritten.
    pub fn groups(&self, book: &[(u32, f64)], out: &mut Vec<GroupRisk>) {
        out.clear();
        pulp::Arch::new().dispatch(Worst { scan: self, book, out });
    }

    /// Sum over groups of the larger of scan and minimum.
    pub fn requirement(&self, book: &[(u32, f64)], scratch: &mut Vec<GroupRisk>) -> f64 {
        self.groups(book, scratch);
        scratch.iter().map(|risk| risk.scan.max(risk.minimum)).sum()
    }
}

/// All groups of a book, compiled by `pulp` once for each instruction set.
struct Worst<'a> {
    scan: &'a GridScan,
    book: &'a [(u32, f64)],
    out: &'a mut Vec<GroupRisk>,
}

impl pulp::WithSimd for Worst<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let Worst { scan: GridScan { width, units, group, minimum, .. }, book, out } = self;
        let mut rest = book;
        while let Some(&(first, _)) = rest.first() {
            let own = group[first as usize];
            let (mut count, mut least) = (0, 0.0);
            for &(row, quantity) in rest {
                if group[row as usize] != own {
                    break;
                }
                let short = if quantity < 0.0 { -quantity } else { 0.0 };
                least += short * minimum[row as usize];
                count += 1;
            }
            let (these, others) = rest.split_at(count);
            let mut worst = [0.0; LANES];
            for block in 0..*width {
                let mut sum = [0.0; LANES];
                for &(row, quantity) in these {
                    let unit = &units[row as usize * width + block];
                    for lane in 0..LANES {
                        sum[lane] += quantity * unit[lane];
                    }
                }
                for lane in 0..LANES {
                    worst[lane] = if -sum[lane] > worst[lane] { -sum[lane] } else { worst[lane] };
                }
            }
            let scan = worst.iter().fold(0.0, |all, loss| if *loss > all { *loss } else { all });
            out.push(GroupRisk { group: own, scan, minimum: least });
            rest = others;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mpor_stats::random::Streams;
    use pulp::Simd;

    const SCENARIOS: usize = 33;

    /// 40 instruments in five groups, and a book that holds some of them, long and short.
    fn world() -> (GridScan, Vec<Vec<f64>>, Vec<(u32, f64)>) {
        let mut stream = Streams::new(4, "grid scan", 0).path(0);
        let mut scan = GridScan::new(SCENARIOS);
        let units: Vec<Vec<f64>> =
            (0..40).map(|_| (0..SCENARIOS).map(|_| stream.normal()).collect()).collect();
        for (row, pnl) in units.iter().enumerate() {
            scan.push(row as u32 / 8, pnl, 0.1 * f64::from(row as u32 % 3));
        }
        let book = (0..40).step_by(3).map(|row| (row, 10.0 * stream.normal())).collect();
        (scan, units, book)
    }

    /// Twin: every group, scenario and position one after the other.
    #[test]
    fn the_worst_scenario_is_that_of_plain_sums() {
        let (scan, units, book) = world();
        let mut found = Vec::new();
        let total = scan.requirement(&book, &mut found);
        let mut expected = Vec::new();
        for group in 0..5 {
            let own = || book.iter().filter(|(row, _)| scan.group(*row as usize) == group);
            let loss = |s: usize| own().map(|(row, q)| -q * units[*row as usize][s]).sum::<f64>();
            let worst = (0..SCENARIOS).map(loss).fold(0.0, f64::max);
            let short = |row: u32| 0.1 * f64::from(row % 3);
            let minimum: f64 = own().map(|(row, q)| (-q).max(0.0) * short(*row)).sum();
            expected.push((worst, minimum));
        }
        assert_eq!(found.len(), expected.len());
        for (risk, (worst, minimum)) in found.iter().zip(&expected) {
            assert!((risk.scan - worst).abs() < 1e-12 && (risk.minimum - minimum).abs() < 1e-12);
        }
        let sum: f64 = expected.iter().map(|(worst, minimum)| worst.max(*minimum)).sum();
        assert!((total - sum).abs() < 1e-12);
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let (scan, _, book) = world();
        let run = |dispatch: &dyn Fn(Worst<'_>)| {
            let mut out = Vec::new();
            dispatch(Worst { scan: &scan, book: &book, out: &mut out });
            out.iter().map(|risk| risk.scan.to_bits()).collect::<Vec<_>>()
        };
        let plain = run(&|worst| pulp::Scalar::new().vectorize(worst));
        assert_eq!(plain.len(), 5);
        assert_eq!(plain, run(&|worst| pulp::Arch::new().dispatch(worst)));
        #[cfg(target_arch = "x86_64")]
        {
            if let Some(avx2) = pulp::x86::V3::try_new() {
                assert_eq!(plain, run(&|worst| Simd::vectorize(avx2, worst)), "AVX2");
            }
            if let Some(avx512) = pulp::x86::V4::try_new() {
                assert_eq!(plain, run(&|worst| Simd::vectorize(avx512, worst)), "AVX-512");
            }
        }
    }

    #[test]
    fn a_book_that_only_gains_or_is_empty_asks_for_its_minimum() {
        let mut scan = GridScan::new(3);
        scan.push(0, &[1.0, 2.0, 3.0], 0.5);
        let mut scratch = Vec::new();
        assert_eq!(scan.requirement(&[(0, 2.0)], &mut scratch), 0.0);
        assert_eq!(scan.requirement(&[], &mut scratch), 0.0);
        assert_eq!(scan.requirement(&[(0, -2.0)], &mut scratch), 6.0);
    }
}
