//! The underlyings and instruments of a study, addressed by position.

use foldhash::fast::FixedState;
use indexmap::IndexMap;

use crate::error::CoreError;
use crate::instrument::{Instrument, InstrumentIx, UnderlyingIx};

/// Something that instruments are written on.
#[derive(Clone, Debug, PartialEq)]
pub struct Underlying {
    /// Short name, such as `BTC` or `SPX`.
    pub name: String,
    /// Currency its price is quoted in, such as `USD`.
    pub quote: String,
}

/// All underlyings and instruments of a study. Positions and matrices refer to them by index.
#[derive(Clone, Debug, Default)]
pub struct Universe {
    underlyings: Vec<Underlying>,
    instruments: Vec<Instrument>,
    by_name: IndexMap<String, InstrumentIx, FixedState>,
}

impl Universe {
    /// A universe of these underlyings, without instruments yet.
    #[must_use]
    pub fn new(underlyings: Vec<Underlying>) -> Self {
        Universe { underlyings, ..Universe::default() }
    }

    /// Adds an instrument, or returns the one already there under the same name.
    ///
    /// # Errors
    /// [`CoreError::InstrumentDiffers`] when the name is taken by other terms,
    /// [`CoreError::NoSuchUnderlying`] when its underlying is not in this universe.
    pub fn add(&mut self, instrument: Instrument) -> Result<InstrumentIx, CoreError> {
        if instrument.underlying.0 >= self.underlyings.len() {
            return Err(CoreError::NoSuchUnderlying { name: instrument.name });
        }
        if let Some(&known) = self.by_name.get(&instrument.name) {
            if self.instruments[known.0] != instrument {
                return Err(CoreError::InstrumentDiffers { name: instrument.name });
            }
            return Ok(known);
        }
        let ix = InstrumentIx(self.instruments.len());
        self.by_name.insert(instrument.name.clone(), ix);
        self.instruments.push(instrument);
        Ok(ix)
    }

    /// All underlyings in order.
    #[must_use]
    pub fn underlyings(&self) -> &[Underlying] {
        &self.underlyings
    }

    /// All instruments in order.
    #[must_use]
    pub fn instruments(&self) -> &[Instrument] {
        &self.instruments
    }

    /// The instrument at `ix`, which must come from this universe.
    #[must_use]
    pub fn instrument(&self, ix: InstrumentIx) -> &Instrument {
        &self.instruments[ix.0]
    }

    /// The underlying at `ix`, which must come from this universe.
    #[must_use]
    pub fn underlying(&self, ix: UnderlyingIx) -> &Underlying {
        &self.underlyings[ix.0]
    }

    /// The instrument of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<InstrumentIx> {
        self.by_name.get(name).copied()
    }

    /// The underlying of this name.
    #[must_use]
    pub fn find_underlying(&self, name: &str) -> Option<UnderlyingIx> {
        self.underlyings.iter().position(|underlying| underlying.name == name).map(UnderlyingIx)
    }
}
