//! What stands in a structure of the Thrift compact protocol, in which Parquet keeps its headers.
//!
//! Only as much as is needed to see whether numbers fit together: integers and what holds them. A list is no longer than the
//! bytes that are left, and nothing is nested without end, so reading takes room in proportion to the bytes given.
//!
//! Source: the Thrift compact protocol, `thrift-compact-protocol.md` of Apache Thrift.

/// Deepest nesting; Parquet's own footer goes to about eight.
const DEEPEST: usize = 32;

/// Why bytes are not a structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// They end before it does.
    #[error("is cut short")]
    Short,
    /// They say something impossible.
    #[error("is damaged")]
    Damaged,
}

/// A value that is looked at; the others are passed over.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Int(i64),
    List(Vec<Struct>),
    Struct(Struct),
}

/// Fields by number.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Struct(Vec<(i16, Value)>);

impl Struct {
    /// An integer field.
    pub fn int(&self, field: i16) -> Option<i64> {
        match self.get(field)? {
            Value::Int(value) => Some(*value),
            _ => None,
        }
    }

    /// A structure inside this one.
    pub fn inner(&self, field: i16) -> Option<&Struct> {
        match self.get(field)? {
            Value::Struct(value) => Some(value),
            _ => None,
        }
    }

    /// The structures of a list.
    pub fn structs(&self, field: i16) -> impl Iterator<Item = &Struct> {
        let list = match self.get(field) {
            Some(Value::List(list)) => list.as_slice(),
            _ => &[],
        };
        list.iter()
    }

    fn get(&self, field: i16) -> Option<&Value> {
        self.0.iter().find(|(number, _)| *number == field).map(|(_, value)| value)
    }
}

/// Reads one structure at the start of some bytes, and how many it takes.
pub(crate) fn read(bytes: &[u8]) -> Result<(Struct, usize), Fault> {
    let mut rest = bytes;
    let value = structure(&mut rest, 0)?;
    Ok((value, bytes.len() - rest.len()))
}

fn structure(rest: &mut &[u8], depth: usize) -> Result<Struct, Fault> {
    let mut fields = Vec::new();
    let mut last = 0_i16;
    loop {
        let head = byte(rest)?;
        let (step, kind) = (head >> 4, head & 0x0f);
        if kind == 0 {
            return Ok(Struct(fields));
        }
        last = match step {
            0 => i16::try_from(int(rest)?).map_err(|_| Fault::Damaged)?,
            step => last.checked_add(i16::from(step)).ok_or(Fault::Damaged)?,
        };
        // A truth is in its type, where it is a field, and a byte elsewhere.
        if !matches!(kind, 1 | 2)
            && let Some(value) = value(rest, kind, depth)?
        {
            fields.push((last, value));
        }
    }
}

/// A value of a type; `None` where it is passed over.
fn value(rest: &mut &[u8], kind: u8, depth: usize) -> Result<Option<Value>, Fault> {
    if depth >= DEEPEST {
        return Err(Fault::Damaged);
    }
    match kind {
        1..=3 => skip(rest, 1)?,
        4..=6 => return Ok(Some(Value::Int(int(rest)?))),
        7 => skip(rest, 8)?,
        8 => {
            let length = varint(rest)?;
            skip(rest, length)?;
        }
        9 | 10 => return list(rest, depth).map(|list| Some(Value::List(list))),
        11 => map(rest, depth)?,
        12 => return structure(rest, depth + 1).map(|value| Some(Value::Struct(value))),
        13 => skip(rest, 16)?,
        _ => return Err(Fault::Damaged),
    }
    Ok(None)
}

/// The structures of a list; other elements are passed over.
fn list(rest: &mut &[u8], depth: usize) -> Result<Vec<Struct>, Fault> {
    let head = byte(rest)?;
    let length = match head >> 4 {
        15 => varint(rest)?,
        length => u64::from(length),
    };
    let mut list = Vec::new();
    for _ in 0..length {
        if let Some(Value::Struct(value)) = value(rest, head & 0x0f, depth + 1)? {
            list.push(value);
        }
    }
    Ok(list)
}

fn map(rest: &mut &[u8], depth: usize) -> Result<(), Fault> {
    let length = varint(rest)?;
    if length == 0 {
        return Ok(());
    }
    let kinds = byte(rest)?;
    for _ in 0..length {
        value(rest, kinds >> 4, depth + 1)?;
        value(rest, kinds & 0x0f, depth + 1)?;
    }
    Ok(())
}

fn byte(rest: &mut &[u8]) -> Result<u8, Fault> {
    let (&first, after) = rest.split_first().ok_or(Fault::Short)?;
    *rest = after;
    Ok(first)
}

fn skip(rest: &mut &[u8], length: u64) -> Result<(), Fault> {
    let length = usize::try_from(length).map_err(|_| Fault::Short)?;
    *rest = rest.get(length..).ok_or(Fault::Short)?;
    Ok(())
}

fn varint(rest: &mut &[u8]) -> Result<u64, Fault> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let next = byte(rest)?;
        value |= u64::from(next & 0x7f) << shift;
        if next & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Fault::Damaged)
}

/// A signed number, its sign in the last bit.
fn int(rest: &mut &[u8]) -> Result<i64, Fault> {
    let value = varint(rest)?;
    Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand after the protocol's page: field 1 = i32 -3 (zigzag 5), field 2 = list of two structures with field 1 = 64
    /// (zigzag 128 = 0x80 0x01) and none, field 20 (in full: zigzag 40) = text of two bytes, stop.
    const BYTES: [u8; 13] = [0x15, 5, 0x19, 0x2c, 0x15, 0x80, 1, 0, 0, 0x08, 40, 2, b'a'];

    #[test]
    fn a_structure_by_hand() {
        let bytes = [&BYTES[..], b"b\0rest"].concat();
        let (found, length) = read(&bytes).unwrap();
        assert_eq!(length, BYTES.len() + 2);
        assert_eq!(found.int(1), Some(-3));
        let inner: Vec<Option<i64>> = found.structs(2).map(|inner| inner.int(1)).collect();
        assert_eq!(inner, [Some(64), None]);
        assert_eq!((found.int(20), found.inner(2)), (None, None));
    }

    #[test]
    fn what_cannot_be_is_told_and_takes_no_room() {
        assert_eq!(read(&BYTES), Err(Fault::Short));
        // A list of 2^62 structures, of bytes, and structures without end.
        let many = [0x19, 0xfc, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40, 0];
        assert_eq!(read(&many), Err(Fault::Short));
        assert_eq!(read(&[0x1c; 1000]), Err(Fault::Damaged));
        assert_eq!(read(&[0x1f]), Err(Fault::Damaged));
        assert_eq!(read(&[[0x16].as_slice(), &[0xff; 11]].concat()), Err(Fault::Damaged));
    }
}
