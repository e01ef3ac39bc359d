//! Margin models, rule sets and overlays, on a small market that every test can see through.

#[cfg(test)]
mod market;

#[cfg(test)]
mod aevo;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod clearing_series;
#[cfg(test)]
mod clearing_var;
#[cfg(test)]
mod deribit;
#[cfg(test)]
mod derive;
#[cfg(test)]
mod derive_pmrm1;
#[cfg(test)]
mod derive_srm;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod isolated;
#[cfg(test)]
mod isolated_rules;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod merging;
#[cfg(test)]
mod okx;
#[cfg(test)]
mod oms2;
#[cfg(test)]
mod overlay_books;
#[cfg(test)]
mod overlay_laws;
#[cfg(test)]
mod overlay_records;
#[cfg(test)]
mod overlays;
#[cfg(test)]
mod paradex;
#[cfg(test)]
mod published;
#[cfg(test)]
mod published_pmrm1;
#[cfg(test)]
mod published_srm;
#[cfg(test)]
mod random;
#[cfg(test)]
mod reg_t;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod scan;
#[cfg(test)]
mod scenario_lists;
#[cfg(test)]
mod series_var;
#[cfg(test)]
mod span;
#[cfg(test)]
mod spn;
#[cfg(test)]
mod tims;
#[cfg(test)]
mod var;
