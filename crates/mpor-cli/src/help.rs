//! Examples at the end of each command's help.

pub const RUN: &str = "Examples:
  mpor run study.toml                        into runs/<name of the study>
  mpor run study.toml --out /tmp/x --threads 2 --timings
A run that was stopped goes on where it was; a finished one of the same study, data and version is left as it is.
Exit status: 0 done, 1 failed, 2 bad study, 3 bad data.";

pub const CHECK: &str = "Examples:
  mpor check study.toml                      what it comes to, and what the data checks found
  mpor check study.toml --json | jq .findings
Exit status: 0 sound, 2 bad study, 3 bad data.";

pub const MARGIN: &str = "Examples:
  mpor margin study.toml --at 2020-03-11                      every account under every model
  mpor margin study.toml --at 2020-03-11T08:00:00Z --account desk-7 --out nodes.parquet";

pub const EXPLAIN: &str = "Examples:
  mpor explain runs/quickstart --account long-perpetual --at 2020-03-11
  mpor explain runs/quickstart --account long-perpetual --at 2020-03-11 --json | jq .causes";

pub const VERIFY: &str = "Examples:
  mpor verify runs/quickstart                names every file that is not what the manifest says
Exit status: 0 the run holds, 1 it does not.";

pub const MODELS: &str = "Examples:
  mpor models                                kinds of models and overlays, with their keys
  mpor models --json | jq -r '.models[].id'";

pub const TESTS: &str = "Examples:
  mpor tests                                 names for `tests = [...]` under [backtest]";

pub const RULES: &str = "Examples:
  mpor rules                                 every version of every venue's rules, with source and validity
  mpor rules derive/pmrm2                    one of them whole: copy it into a folder of your own and name that in data.rules";

pub const SPN: &str = "Examples:
  mpor spn cme.spn --out spn                 tables of arrays, spreads and charges as Parquet";

pub const DESCRIBE: &str = "Examples:
  mpor data describe                         the datasets in data/
  mpor data describe data/crypto --json";

pub const DATA_CHECK: &str = "Examples:
  mpor data check prices.parquet
  mpor data check 'data/*.csv' --json | jq '.[] | select(.code == \"D001\")'";

pub const INIT: &str = "Examples:
  mpor init --prices prices.csv              study.toml beside you, on those prices, with two example books
  mpor init desk --prices prices.parquet --positions positions.csv --instruments instruments.csv
  mpor check desk/study.toml && mpor run desk/study.toml
Prices of another form: first mpor data import FILE --table prices --to prices.parquet";

pub const SCHEMA: &str = "Examples:
  mpor schema > study.schema.json            then, at the top of a study: #:schema ./study.schema.json";

pub const COMPLETIONS: &str = "Examples:
  mpor completions bash > ~/.local/share/bash-completion/completions/mpor
  mpor completions zsh > ~/.zfunc/_mpor
  mpor completions fish > ~/.config/fish/completions/mpor.fish";
