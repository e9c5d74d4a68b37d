//! Reading the energy store: which page is the active one, and what is newest in it.
//!
//! # What is believed
//!
//! A page counts as *open* when its header is valid and
//! - it holds a firm record (one whose commit word shows a trace), or
//! - one of its open marks shows a trace and every copy that the header
//!   announces is valid.
//!
//! The open page with the highest sequence is the active one. Of its records,
//! copies and firm ones are believed. Of those whose CRC is right but whose
//! commit word shows no trace only the last valid one is, and must be copied to
//! the next page before it is shown. The others were interrupted, found torn at
//! the next start and passed over; that their words read well now means nothing.

use super::format::{
    commit_seen, Form, Kind, PageHeader, Place, Record, ERASED, HEADER_WORDS, KINDS,
    OPEN_MARK_WORD, PAGES, PAGE_WORDS,
};

/// What one page holds.
#[derive(Clone, Copy, Debug)]
pub struct PageContent {
    /// The page's header.
    pub header: PageHeader,
    /// Newest believed record of each kind.
    pub newest: [Option<Record>; KINDS],
    /// Word at which the copy of each kind stands.
    pub copies: [Option<usize>; KINDS],
    /// Kind of the last believed record that is not a copy.
    pub tail: Option<Kind>,
    /// Whether all that is believed can be shown as it is.
    pub firm: bool,
    /// Whether anything stands behind the last valid record.
    pub littered: bool,
    /// First word from which on all read as erased and no record reaches.
    pub next_word: usize,
}

/// Reads a page; none when it is not open.
///
/// - `read`: reads a word of the store
pub fn scan_page(
    page: usize,
    header: PageHeader,
    read: &dyn Fn(usize) -> u32,
) -> Option<PageContent> {
    let page_read = |word: usize| read(page * PAGE_WORDS + word);
    let mut content = PageContent {
        header,
        newest: [None; KINDS],
        copies: [None; KINDS],
        tail: None,
        firm: false,
        littered: false,
        next_word: HEADER_WORDS,
    };
    let mut last_unfirm = None;
    let mut last_end = HEADER_WORDS;
    let mut any_firm = false;
    let mut word = HEADER_WORDS;
    while word < PAGE_WORDS {
        let value = page_read(word);
        if value == ERASED {
            word += 1;
            continue;
        }
        content.next_word = word + 1;
        let Some(decoded) = (Place {
            header: &header,
            word,
        })
        .decode(&page_read) else {
            word += 1;
            continue;
        };
        let kind = decoded.record.kind;
        if decoded.form == Form::Copy {
            content.copies[kind.index()] = Some(word);
            content.newest[kind.index()] = Some(decoded.record);
        } else if commit_seen(decoded.commit) {
            any_firm = true;
            last_unfirm = None;
            content.newest[kind.index()] = Some(decoded.record);
            content.tail = Some(kind);
        } else {
            last_unfirm = Some(decoded.record);
        }
        word = decoded.end;
        last_end = word;
        content.next_word = word;
    }
    let first_mark = page_read(OPEN_MARK_WORD) != ERASED;
    let second_mark = page_read(OPEN_MARK_WORD + 1) != ERASED;
    let announced = |kind: &Kind| header.copies >> kind.index() & 1 == 1;
    let complete = Kind::ALL
        .iter()
        .filter(|kind| announced(kind))
        .all(|kind| content.copies[kind.index()].is_some());
    if !any_firm && !(complete && (first_mark || second_mark)) {
        return None;
    }
    content.firm = last_unfirm.is_none() && (any_firm || second_mark);
    content.littered = content.next_word > last_end;
    if let Some(record) = last_unfirm {
        content.newest[record.kind.index()] = Some(record);
        content.tail = Some(record.kind);
    }
    Some(content)
}

/// What the whole store holds.
#[derive(Clone, Copy, Debug)]
pub struct StoreContent {
    /// The active page and what it holds.
    pub active: Option<(usize, PageContent)>,
    /// A page that is not open has a higher sequence than the active one: it
    /// may look open at another time, so the active page must not grow.
    pub superseded: bool,
    /// Highest page sequence, and the page that has it.
    pub highest: Option<(u32, usize)>,
    /// Erase count of each page whose header is valid.
    pub erases: [Option<u32>; PAGES],
}

/// Reads the whole store.
///
/// Costs 40 words for the headers, and one pass over the active page (over
/// several only after cuts).
pub fn scan_store(read: &dyn Fn(usize) -> u32) -> StoreContent {
    let mut headers: [Option<PageHeader>; PAGES] =
        core::array::from_fn(|page| PageHeader::read(page, read));
    let mut content = StoreContent {
        active: None,
        superseded: false,
        highest: None,
        erases: headers.map(|header| header.map(|header| header.erases)),
    };
    loop {
        let newest = (0..)
            .zip(&headers)
            .filter_map(|(page, header)| header.map(|header| (header.sequence, page)))
            .max();
        let Some((sequence, page)) = newest else {
            return content;
        };
        let header = headers[page].take();
        content.highest = content.highest.or(Some((sequence, page)));
        content.active = header
            .and_then(|header| scan_page(page, header, read))
            .map(|page_content| (page, page_content));
        if content.active.is_some() {
            return content;
        }
        content.superseded = true;
    }
}

#[cfg(test)]
mod tests {
    use super::super::format::{Burst, OPEN_MARK};
    use super::*;

    /// A page that an interrupted erase has left the header and the open marks
    /// of, but not all copies, holds nothing.
    #[test]
    fn a_page_without_its_copies_is_not_open() {
        let header = PageHeader {
            copies: 0b01,
            sequence: 1,
            base_sequence: 3,
            erases: 1,
        };
        let mut words = [ERASED; PAGE_WORDS];
        words[..OPEN_MARK_WORD].copy_from_slice(&header.to_words(0));
        words[OPEN_MARK_WORD..HEADER_WORDS].fill(OPEN_MARK);
        let place = Place {
            header: &header,
            word: HEADER_WORDS,
        };
        let record = Record::new(Kind::Registers, 3, &[1, 2, 3]).unwrap();
        let mut burst = Burst::new();
        place.encode(&record, true, None, &mut burst);
        words[HEADER_WORDS..][..burst.as_slice().len()].copy_from_slice(burst.as_slice());

        let content = scan_page(0, header, &|word| words[word]).unwrap();
        assert!(content.firm);
        assert_eq!(content.newest, [Some(record), None]);
        let damaged = |word| words[word] ^ u32::from(word == HEADER_WORDS + 2);
        assert!(scan_page(0, header, &damaged).is_none());
    }
}
