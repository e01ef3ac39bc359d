//! Files behind URLs: `file://`, an HTTP server that serves byte ranges, and an S3-compatible store, both of this test.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use mpor_data::{Query, raw};

use crate::{data, hourly, time, write};

/// What a test server answers `GET` and `HEAD` with: the body of a path, if there is one.
type Files = Arc<dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync>;

/// A server on a free port; returns its address and the log of request lines with their range.
fn serve(files: Files) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let log = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&log);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (files, seen) = (Arc::clone(&files), Arc::clone(&seen));
            thread::spawn(move || while answer(&stream, &files, &seen).is_some() {});
        }
    });
    (address, log)
}

/// Answers one request; `None` when the connection is over.
fn answer(stream: &TcpStream, files: &Files, seen: &Mutex<Vec<String>>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    if reader.read_line(&mut request).ok()? == 0 {
        return None;
    }
    let mut range = None;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let header = header.trim().to_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(bytes) = header.strip_prefix("range: bytes=") {
            let (from, to) = bytes.split_once('-')?;
            range = Some((from.parse::<usize>().ok(), to.parse::<usize>().ok()));
        }
    }
    let mut words = request.split_whitespace();
    let (method, path) = (words.next()?, words.next()?);
    seen.lock().ok()?.push(format!("{method} {path} {range:?}"));
    let mut writer = stream;
    let Some(body) = files(path) else {
        writer.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").ok()?;
        return Some(());
    };
    let (status, from, to) = match range {
        Some((Some(from), to)) => {
            ("206 Partial Content", from, to.map_or(body.len(), |to| (to + 1).min(body.len())))
        }
        Some((None, Some(last))) => {
            ("206 Partial Content", body.len() - last.min(body.len()), body.len())
        }
        _ => ("200 OK", 0, body.len()),
    };
    let mut head =
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nAccept-Ranges: bytes\r\n", to - from);
    if range.is_some() {
        write!(head, "Content-Range: bytes {from}-{}/{}\r\n", to - 1, body.len()).ok()?;
    }
    head.push_str("ETag: \"1\"\r\nLast-Modified: Thu, 12 Mar 2020 08:00:00 GMT\r\n\r\n");
    writer.write_all(head.as_bytes()).ok()?;
    if method == "GET" {
        writer.write_all(&body[from..to]).ok()?;
    }
    Some(())
}

#[test]
fn a_file_url_is_a_local_path() {
    let path = data().join("vol-index").canonicalize().unwrap();
    let query = Query::all([format!("file://{}/*.parquet", path.display())]);
    assert_eq!(raw::vol_index(&query).unwrap().values().next().unwrap().len(), 1_259);
}

#[test]
fn an_http_url_is_read_by_ranges() {
    let mut bytes = Vec::new();
    let path = data().join("crypto/prices/BTC-USDT.parquet");
    std::fs::File::open(path).unwrap().read_to_end(&mut bytes).unwrap();
    let size = bytes.len();
    let (address, log) =
        serve(Arc::new(move |path| (path == "/btc.parquet").then(|| bytes.clone())));
    let query = Query::all([format!("http://{address}/btc.parquet")])
        .between(time("2020-03-12"), time("2020-03-13"));
    let all = raw::prices(&query).unwrap();
    assert_eq!(all.values().next().unwrap().len(), 25);
    let log = log.lock().unwrap().clone();
    assert!(log.iter().any(|line| line.contains("Some((")), "no range was asked for: {log:?}");
    assert!(size > 500_000);

    let query = Query::all([format!("http://{address}/nothing.parquet")]);
    let error = raw::prices(&query).unwrap_err().to_string();
    assert!(error.contains("/nothing.parquet: cannot be read"), "{error}");
}

#[test]
fn an_s3_store_is_listed_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let january = write(&hourly("BTC", "2020-01-01", 24), &folder.path().join("a.parquet"));
    let february = write(&hourly("BTC", "2020-02-01", 24), &folder.path().join("b.parquet"));
    let objects = [("prices/2020-01.parquet", january), ("prices/2020-02.parquet", february)]
        .map(|(key, path)| (key, std::fs::read(path).unwrap()));
    let (address, _) = serve(Arc::new(move |path| s3(path, &objects)));
    let storage = [
        ("aws_endpoint_url", format!("http://{address}")),
        ("aws_allow_http", "true".to_owned()),
        ("aws_region", "us-east-1".to_owned()),
        ("aws_skip_signature", "true".to_owned()),
    ];
    let storage = storage.map(|(key, value)| (key.to_owned(), value)).to_vec();
    let query = Query { storage, ..Query::all(["s3://history/prices/*.parquet"]) };
    let all = raw::prices(&query).unwrap();
    let series = all.values().next().unwrap();
    assert_eq!(series.len(), 48);
    assert_eq!(series.files[1].0, "s3://history/prices/2020-02.parquet");
}

/// Objects by path-style URL, and the listing of the bucket.
fn s3(path: &str, objects: &[(&str, Vec<u8>)]) -> Option<Vec<u8>> {
    if path.contains("list-type=2") {
        let mut contents = String::new();
        for (key, bytes) in objects {
            let size = bytes.len();
            write!(
                contents,
                "<Contents><Key>{key}</Key><LastModified>2020-03-12T08:00:00.000Z</LastModified><ETag>\"1\"</ETag>\
                 <Size>{size}</Size><StorageClass>STANDARD</StorageClass></Contents>"
            )
            .ok()?;
        }
        let listing = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult><Name>history</Name><Prefix>prices/</Prefix>\
             <KeyCount>2</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"
        );
        return Some(listing.into_bytes());
    }
    let key = path.strip_prefix("/history/")?;
    objects.iter().find(|(known, _)| *known == key).map(|(_, bytes)| bytes.clone())
}
