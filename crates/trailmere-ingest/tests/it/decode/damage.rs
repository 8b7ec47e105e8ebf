//! Files that are cut, changed or put together wrongly: what is there is given, and that something is missing is said.

use trailmere_ingest::decode::{DecoderOptions, FileEnd, Input};
use trailmere_model::{Error, Kind};

use super::{Decoded, decode, decode_with, event, gzip, log_file};

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("Event{number}")).collect()
}

fn file(count: usize) -> String {
    let records: Vec<String> = names(count).iter().map(|name| event(name)).collect();
    log_file(&records.iter().map(String::as_str).collect::<Vec<_>>())
}

fn is_cut(decoded: &Decoded) -> bool {
    matches!(&decoded.report.end, FileEnd::Cut(error) if error.kind() == Kind::Corrupt)
}

#[test]
fn a_file_cut_anywhere_gives_every_record_before_the_cut() {
    let text = file(3);
    // zstd gives nothing of a block before it has all of it.
    let zstd = zstd::encode_all(text.as_bytes(), 3).unwrap();
    for (packed, before_last) in [(text.clone().into_bytes(), 3), (gzip(text.as_bytes()), 3), (zstd, 0)] {
        let mut given = 0;
        for length in 1..packed.len() {
            let decoded = decode(&packed[..length]);
            let found = decoded.event_names();
            assert_eq!(found, names(found.len()), "cut at {length}");
            assert!(found.len() >= given, "cut at {length}: fewer than when cut before");
            given = found.len();
            let foreign = decoded.rows.is_empty() && decoded.refused.len() == 1;
            assert!(is_cut(&decoded) || foreign && length < 4, "cut at {length}: {:?}", decoded.report);
        }
        assert_eq!(given, before_last, "records that are there before the last byte is");
        assert_eq!(decode(&packed).event_names(), names(3));
    }
}

#[test]
fn a_cut_says_how_far_the_text_came() {
    let packed = gzip(file(50).as_bytes());
    let decoded = decode(&packed[..packed.len() - 9]);
    let FileEnd::Cut(error) = &decoded.report.end else { panic!("{:?}", decoded.report) };
    assert!(error.to_string().contains("cut short"), "{error}");
    assert!(error.place().unwrap().starts_with("byte "), "{error}");
    assert!(decoded.rows.len() > 40);
}

#[test]
fn a_changed_byte_anywhere_in_gzip_is_noticed() {
    let packed = gzip(file(3).as_bytes());
    for at in 0..packed.len() {
        let mut broken = packed.clone();
        broken[at] ^= 0x10;
        let decoded = decode(&broken);
        if decoded.is_whole() && decoded.refused.is_empty() {
            // Time, flags for hints and the system's name in the header mean nothing, nor do the bits after the last block.
            assert!((4..10).contains(&at) || at == packed.len() - 9, "byte {at}");
            assert_eq!(decoded.event_names(), names(3));
        }
    }
}

#[test]
fn members_are_read_one_after_the_other() {
    let (one, two) = (format!("{}\n", event("A")), format!("{}\n", event("B")));
    let cases = [
        ([gzip(one.as_bytes()), gzip(two.as_bytes())].concat(), vec!["A", "B"]),
        ([gzip(one.as_bytes()), gzip(one.as_bytes())].concat(), vec!["A", "A"]),
        ([gzip(b""), gzip(one.as_bytes()), gzip(b""), gzip(two.as_bytes())].concat(), vec!["A", "B"]),
        ([gzip(one.as_bytes()), vec![0; 512]].concat(), vec!["A"]),
        (
            [zstd::encode_all(one.as_bytes(), 1).unwrap(), zstd::encode_all(two.as_bytes(), 1).unwrap()].concat(),
            vec!["A", "B"],
        ),
    ];
    for (bytes, names) in cases {
        let decoded = decode(&bytes);
        assert_eq!(decoded.event_names(), names);
        assert!(decoded.is_whole(), "{:?}", decoded.report);
    }
    // A record may run from one member into the next.
    let (head, tail) = one.as_bytes().split_at(100);
    assert_eq!(decode(&[gzip(head), gzip(tail)].concat()).event_names(), ["A"]);
}

#[test]
fn bytes_after_the_stream_are_told() {
    let decoded = decode(&[gzip(file(2).as_bytes()), b"garbage".to_vec()].concat());
    assert_eq!(decoded.event_names(), names(2));
    assert!(is_cut(&decoded), "{:?}", decoded.report);
}

#[test]
fn a_header_may_carry_names_and_extras() {
    let plain = gzip(file(1).as_bytes());
    let mut dressed = plain[..10].to_vec();
    dressed[3] = 2 | 4 | 8 | 16;
    dressed.extend_from_slice(b"\x03\x00abcname\0comment\0\0\0");
    dressed.extend_from_slice(&plain[10..]);
    assert_eq!(decode(&dressed).event_names(), names(1));
    let streamed = decode_with(DecoderOptions { whole_bytes: 0, ..DecoderOptions::default() }, Input::Bytes(&dressed));
    assert_eq!(streamed.event_names(), names(1));
}

#[test]
fn a_broken_record_is_refused_and_the_others_kept() {
    let (a, b, c) = (event("A"), event("B"), event("C"));
    let breaks: [(&str, &str); 9] = [
        ("\"awsRegion\":", "\"awsRegion\""),
        ("\"us-east-1\"", "us-east-1"),
        ("\"eventName\":\"B\"", "\"eventName\":\"B"),
        ("{\"b\"", "\"b\""),
        ("]}},", "],"),
        ("1,", "01,"),
        ("\"x\"", "\"\\x\""),
        ("\"x\"", "\"a\nb\""),
        ("\"Management\"}", "\"Management\","),
    ];
    for (good, bad) in breaks {
        let broken = b.replacen(good, bad, 1);
        assert_ne!(broken, b, "{good}");
        for text in [log_file(&[&a, &broken, &c]), format!("{a}\n{broken}\n{c}\n"), format!("[{a},\n{broken},\n{c}]")] {
            let decoded = decode(text.as_bytes());
            assert_eq!(decoded.event_names(), ["A", "C"], "{bad}: {:?}", decoded.refused);
            assert!(
                decoded.refused.iter().all(|refused| refused.reason.starts_with("not JSON")),
                "{:?}",
                decoded.refused
            );
            let refused: Vec<u8> = decoded.refused.iter().flat_map(|refused| refused.bytes.clone()).collect();
            assert!(String::from_utf8(refused).unwrap().contains(&broken[..60]), "{bad}");
        }
    }
}

#[test]
fn a_line_cut_short_costs_only_itself() {
    let (a, b) = (event("A"), event("B"));
    for length in 1..a.len() {
        let decoded = decode(format!("{b}\n{}\n{b}\n", &a[..length]).as_bytes());
        assert_eq!(decoded.event_names(), ["B", "B"], "{length}: {:?}", decoded.refused);
        assert_eq!(decoded.refused.len(), 1, "{length}: {:?}", decoded.refused);
    }
}

#[test]
fn a_record_too_large_or_too_deep_is_refused_and_the_others_kept() {
    let huge = event("Huge").replace("us-east-1", &"x".repeat(200_000));
    let deep = event("Deep").replace("[1,\"x\"]", &format!("{}{}", "[".repeat(5_000), "]".repeat(5_000)));
    let text = log_file(&[&event("A"), &huge, &deep, &event("B")]);
    let options = DecoderOptions { record_bytes: 100_000, whole_bytes: 1 << 20 };
    for bytes in [text.clone().into_bytes(), gzip(text.as_bytes())] {
        let decoded = decode_with(options, Input::Bytes(&bytes));
        assert_eq!(decoded.event_names(), ["A", "B"]);
        assert!(decoded.is_whole());
        let reasons: Vec<&str> = decoded.refused.iter().map(|refused| refused.reason.as_str()).collect();
        assert_eq!(reasons, ["a record larger than 100000 bytes", "not JSON: nested deeper than 512 levels"]);
        assert_eq!(decoded.refused[0].bytes.len(), 64 * 1024);
    }
}

#[test]
fn an_unreadable_source_keeps_its_own_error() {
    struct Unplugged(Vec<u8>);
    impl std::io::Read for Unplugged {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if self.0.is_empty() {
                return Err(std::io::Error::other(Error::unavailable("the network is gone")));
            }
            let count = self.0.len().min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0.drain(..count);
            Ok(count)
        }
    }
    let text = file(2);
    for bytes in [text.as_bytes()[..text.len() - 5].to_vec(), gzip(text.as_bytes())[..200].to_vec()] {
        let decoded = decode_with(DecoderOptions::default(), Input::Reader(&mut Unplugged(bytes)));
        let FileEnd::Cut(error) = &decoded.report.end else { panic!("{:?}", decoded.report) };
        assert_eq!((error.kind(), error.message()), (Kind::Unavailable, "the network is gone"));
    }
}

#[test]
fn the_text_of_a_sink_that_fails_is_not_read_on() {
    use trailmere_ingest::decode::{Decoder, RecordSink, Rejected, ScannedRecord};
    struct Full(usize);
    impl RecordSink for Full {
        fn record(&mut self, _: &ScannedRecord<'_>) -> trailmere_model::Result<()> {
            self.0 += 1;
            if self.0 == 2 { Err(Error::limit("full")) } else { Ok(()) }
        }
        fn rejected(&mut self, _: &Rejected<'_>) -> trailmere_model::Result<()> {
            Ok(())
        }
    }
    let mut sink = Full(0);
    let report = Decoder::default().read(Input::Bytes(file(5).as_bytes()), &mut sink);
    assert!(matches!(report.end, FileEnd::Stopped(error) if error.kind() == Kind::Limit));
    assert_eq!(sink.0, 2);
}
