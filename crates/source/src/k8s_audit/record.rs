//! One audit event, read only as far as someone asks. The members of the event are met in order;
//! where each begins is noted, and what stands behind the last one asked for is never looked at.

use event::Time;

use super::field::{PATHS, Path};
use super::moment;
use crate::envelope::Envelope;
use crate::json::check::{self, Fault};
use crate::json::text;
use crate::json::walk::{Cursor, Raw, members, path, string};

/// A member of an event that fields reach into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the keys")]
pub enum Member {
    Kind,
    AuditId,
    Stage,
    RequestUri,
    Verb,
    User,
    ImpersonatedUser,
    UserAgent,
    ObjectRef,
    ResponseStatus,
    RequestObject,
    ResponseObject,
    StageTimestamp,
    Annotations,
    Items,
}

const MEMBERS: usize = 15;

impl Member {
    /// Finds a member by its key.
    #[inline]
    pub fn of(key: &[u8]) -> Option<Member> {
        Some(match key {
            b"kind" => Member::Kind,
            b"auditID" => Member::AuditId,
            b"stage" => Member::Stage,
            b"requestURI" => Member::RequestUri,
            b"verb" => Member::Verb,
            b"user" => Member::User,
            b"impersonatedUser" => Member::ImpersonatedUser,
            b"userAgent" => Member::UserAgent,
            b"objectRef" => Member::ObjectRef,
            b"responseStatus" => Member::ResponseStatus,
            b"requestObject" => Member::RequestObject,
            b"responseObject" => Member::ResponseObject,
            b"stageTimestamp" => Member::StageTimestamp,
            b"annotations" => Member::Annotations,
            b"items" => Member::Items,
            _ => return None,
        })
    }

    #[inline]
    fn of_raw(key: Raw<'_>) -> Option<Member> {
        if key.escapes { Member::of(&key.text()) } else { Member::of(key.bytes) }
    }
}

/// One audit event.
pub struct Record<'r> {
    bytes: &'r [u8],
    cursor: Cursor,
    /// Where the value of each member begins; 0, where no value can be, is not met yet.
    starts: [u32; MEMBERS],
    /// Where the value at each path begins; 0 when not looked for yet.
    paths: [u32; PATHS],
    time: Option<Option<Time>>,
    /// What surrounds the event.
    pub(crate) envelope: Envelope<'r>,
}

/// How API servers begin every event, up to the first byte of the value of `apiVersion`. What
/// begins so need not be walked over to know what it says.
const HEAD: &[u8] = br#"{"kind":"Event","apiVersion":""#;
const KIND_START: u32 = 8;

impl<'r> Record<'r> {
    /// Takes one JSON object. Nothing is read yet, and nothing checked.
    #[inline]
    pub fn new(bytes: &'r [u8], envelope: Envelope<'r>) -> Record<'r> {
        let mut record = Record {
            bytes,
            cursor: Cursor::start(),
            starts: [0; MEMBERS],
            paths: [0; PATHS],
            time: None,
            envelope,
        };
        if bytes.starts_with(HEAD) {
            record.starts[Member::Kind as usize] = KIND_START;
            record.cursor = Cursor::at(HEAD.len() - 1);
        }
        record
    }

    /// Returns the bytes of the event.
    pub fn bytes(&self) -> &'r [u8] {
        self.bytes
    }

    /// Tells whether reading came upon text that is no JSON.
    pub fn is_broken(&self) -> bool {
        self.cursor.is_broken()
    }

    /// Returns the value of a member, and all text behind its beginning.
    #[inline]
    pub fn find(&mut self, member: Member) -> Option<&'r [u8]> {
        loop {
            match self.starts[member as usize] {
                0 => {}
                start => return Some(&self.bytes[start as usize..]),
            }
            let (key, at) = self.cursor.member(self.bytes)?;
            let (Some(found), Ok(at)) = (Member::of_raw(key), u32::try_from(at)) else { continue };
            let start = &mut self.starts[found as usize];
            if *start == 0 {
                *start = at;
            }
        }
    }

    /// Reads the whole event, checking it as strictly as Falco's plugin does. Every member is known
    /// then.
    pub fn check(&mut self) -> Result<(), Fault> {
        check::check(self.bytes, note(&mut self.starts))?;
        self.cursor = Cursor::end();
        Ok(())
    }

    /// Reads the whole event, checking it to the letter. Every member is known then.
    pub fn check_strictly(&mut self) -> Result<(), Fault> {
        check::strict(self.bytes, note(&mut self.starts))?;
        self.cursor = Cursor::end();
        Ok(())
    }

    /// Returns the value at a path of [`Path::slot`], which is followed once.
    #[inline]
    pub fn follow(&mut self, to: &Path) -> Option<&'r [u8]> {
        const ABSENT: u32 = u32::MAX;
        match self.paths[to.slot] {
            0 => {}
            ABSENT => return None,
            start => return Some(&self.bytes[start as usize..]),
        }
        let value = self.find(to.member).and_then(|value| path(value, to.keys));
        // A value is text from its first byte to the end of the event.
        let start = value.map(|value| self.bytes.len() - value.len());
        self.paths[to.slot] = start.and_then(|start| u32::try_from(start).ok()).unwrap_or(ABSENT);
        value
    }

    /// Returns a member's value as text, when it is a string.
    pub fn find_text(&mut self, member: Member) -> Option<Raw<'r>> {
        string(self.find(member)?)
    }

    /// Returns a member of any key.
    pub fn find_other(&self, key: &str) -> Option<&'r [u8]> {
        members(self.bytes).find(|(found, _)| found.is(key)).map(|(_, value)| value)
    }

    /// Returns when the event happened, by the API server's clock.
    pub fn time(&mut self) -> Option<Time> {
        if let Some(time) = self.time {
            return time;
        }
        let time = self
            .find(Member::StageTimestamp)
            .filter(|value| value.first() == Some(&b'"'))
            .and_then(text::text)
            .and_then(|text| moment::parse(&text));
        *self.time.insert(time)
    }
}

/// Notes where each member begins; of equal ones the first.
fn note(starts: &mut [u32; MEMBERS]) -> impl FnMut(Raw<'_>, usize) {
    |key, at| {
        let (Some(found), Ok(at)) = (Member::of_raw(key), u32::try_from(at)) else { return };
        let start = &mut starts[found as usize];
        if *start == 0 {
            *start = at;
        }
    }
}
