//! What indices, faults and collateral must satisfy. Rule and data files are not opened.

use mpor_data::index::{Fault, Interval};

use super::{FaultSpec, SourceSpec, StudyError, StudyFile, ValuedOn, nearest};

impl FaultSpec {
    /// The fault as it is injected.
    #[must_use]
    pub fn fault(&self) -> Fault {
        let during = Interval { from: self.from, to: self.to };
        Fault { kind: self.kind, during, lag: self.lag, shift: self.shift, ramp: self.ramp }
    }

    /// Whether it is a fault of this series.
    #[must_use]
    pub fn hits(&self, spec: &SourceSpec) -> bool {
        self.source == spec.source && self.prices.as_ref().is_none_or(|name| *name == spec.prices)
    }
}

impl StudyFile {
    /// The names of the fault scenarios, in the order of their first fault.
    #[must_use]
    pub fn scenarios(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for fault in &self.study.fault {
            if !names.contains(&fault.name.as_str()) {
                names.push(&fault.name);
            }
        }
        names
    }

    /// The series that indices and collateral are read from: where each is named, and what.
    pub(crate) fn sources(&self) -> Vec<(&'static str, usize, &SourceSpec)> {
        let indices = self.study.index.iter().enumerate();
        let of_indices = indices
            .flat_map(|(at, index)| index.sources.iter().map(move |spec| ("index", at, spec)));
        let collateral = self.study.collateral.iter().enumerate();
        let books = collateral.filter_map(|(at, held)| match &held.valued_on {
            Some(ValuedOn::Book(spec)) => Some(("collateral", at, spec)),
            _ => None,
        });
        of_indices.chain(books).collect()
    }

    pub(super) fn check_oracle(&self) -> Result<(), StudyError> {
        self.check_indices()?;
        self.check_sources()?;
        self.check_faults()?;
        self.check_collateral()
    }

    fn check_indices(&self) -> Result<(), StudyError> {
        let indices = &self.study.index;
        for (at, index) in indices.iter().enumerate() {
            self.check_shown("index", at, &index.name)?;
            let refuse = |problem: String| Err(self.list_error("index", at, &problem));
            if indices[..at].iter().any(|known| known.name == index.name) {
                return refuse(format!(
                    "two indices are named `{}`; give each its own name",
                    index.name
                ));
            }
            if index.sources.is_empty() {
                return refuse("`sources` is empty; an index needs at least one".to_owned());
            }
            for (row, spec) in index.sources.iter().enumerate() {
                let same =
                    |known: &SourceSpec| known.source == spec.source && known.prices == spec.prices;
                if index.sources[..row].iter().any(same) {
                    return refuse(format!(
                        "`{}` of `{}` is named twice among the sources; once is enough",
                        spec.prices, spec.source
                    ));
                }
            }
        }
        for (at, spec) in self.study.underlying.iter().enumerate() {
            let is_index = indices.iter().any(|index| index.name == spec.prices);
            if is_index && spec.quote.as_ref().is_some_and(|quote| *quote != self.study.currency) {
                let problem = format!(
                    "an index is in {}: state the `quote` of its sources and not of the underlying",
                    self.study.currency
                );
                return Err(self.list_error("underlying", at, &problem));
            }
        }
        Ok(())
    }

    fn check_sources(&self) -> Result<(), StudyError> {
        for (list, at, spec) in self.sources() {
            let refuse = |problem: String| Err(self.list_error(list, at, &problem));
            if spec.weight.is_some_and(|weight| !(weight > 0.0 && weight.is_finite())) {
                return refuse(format!("the `weight` of `{}` is not above 0", spec.source));
            }
            let Some(quote) = spec.quote.as_ref().filter(|quote| **quote != self.study.currency)
            else {
                continue;
            };
            match self.study.fx.get(quote) {
                None => {
                    return refuse(format!(
                        "`quote` is {quote} and the study reports in {}; state its value under [fx], such as {quote} = 1.0",
                        self.study.currency
                    ));
                }
                Some(rate) if !(*rate > 0.0 && rate.is_finite()) => {
                    let problem =
                        format!("{quote} = {rate}: the value of a currency is above zero");
                    return Err(self.error_at(&["fx", quote], problem));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    fn check_faults(&self) -> Result<(), StudyError> {
        for (at, spec) in self.study.fault.iter().enumerate() {
            self.check_shown("fault", at, &spec.name)?;
            let refuse = |problem: String| Err(self.list_error("fault", at, &problem));
            if let Err(problem) = spec.fault().check() {
                return refuse(problem);
            }
            let mut known: Vec<&SourceSpec> =
                self.sources().into_iter().map(|(_, _, spec)| spec).collect();
            if known.iter().any(|source| spec.hits(source)) {
                continue;
            }
            known.sort_by(|a, b| (&a.source, &a.prices).cmp(&(&b.source, &b.prices)));
            known.dedup_by(|a, b| a.source == b.source);
            let names = known.iter().map(|source| source.source.as_str());
            let what = match &spec.prices {
                Some(prices) => format!("source `{}` with `{prices}`", spec.source),
                None => format!("source `{}`", spec.source),
            };
            return refuse(format!(
                "no `[[index]]` and no `[[collateral]]` is made of {what}; {}",
                nearest(&spec.source, names)
            ));
        }
        Ok(())
    }

    fn check_collateral(&self) -> Result<(), StudyError> {
        let study = &self.study;
        for (at, held) in study.collateral.iter().enumerate() {
            let refuse = |problem: String| Err(self.list_error("collateral", at, &problem));
            if !(held.amount > 0.0 && held.amount.is_finite()) {
                return refuse(format!("`amount` is {}; it is above 0", held.amount));
            }
            match &held.valued_on {
                Some(ValuedOn::Book(_)) => {}
                Some(ValuedOn::Index(name)) => {
                    let names = study.index.iter().map(|index| index.name.as_str());
                    if !names.clone().any(|known| known == name) {
                        return refuse(format!(
                            "`valued_on` names no index `{name}`; {}",
                            nearest(name, names)
                        ));
                    }
                }
                None if held.asset == study.currency => {}
                None => {
                    let names = study.underlying.iter().map(|spec| spec.name.as_str());
                    let names = std::iter::once(study.currency.as_str()).chain(names);
                    if !names.clone().any(|known| known == held.asset) {
                        return refuse(format!(
                            "`{}` has no price here; state `valued_on`, or hold one with a price; {}",
                            held.asset,
                            nearest(&held.asset, names)
                        ));
                    }
                }
            }
        }
        Ok(())
    }
}
