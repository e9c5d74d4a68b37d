//! NVMC: the part's own flash, by words and by pages, in the background.
//!
//! One operation at a time, but a word may be written between the parts of an
//! erase. An operation starts from a deferred call, goes on from an alarm, and its
//! end comes by the client's callback, never from within a call of this driver. A power cut leaves a torn page or word; what was there before and
//! after is the business of whoever stores.

mod plan;
mod port;

pub use plan::{BURST_WORDS, PAGE_ERASE_MS, PARTS, PART_MS};
pub use port::{FlashPort, InternalFlash, Mode, PAGE_SIZE};

use core::cell::Cell;
use core::ops::{Index, IndexMut};
use kernel::deferred_call::{DeferredCall, DeferredCallClient};
use kernel::hil::flash;
use kernel::hil::time::{Alarm, AlarmClient, ConvertTicks};
use kernel::utilities::cells::{OptionalCell, TakeCell};
use kernel::ErrorCode;
use meter_hil::word_flash::{WordFlash, WordFlashClient};
use plan::{Erase, Progress, Write};

/// Bytes of a word.
const WORD: usize = 4;

/// A page in RAM.
pub struct FlashPage(pub [u8; PAGE_SIZE]);

impl Default for FlashPage {
    fn default() -> Self {
        FlashPage([0; PAGE_SIZE])
    }
}

impl Index<usize> for FlashPage {
    type Output = u8;

    fn index(&self, index: usize) -> &u8 {
        &self.0[index]
    }
}

impl IndexMut<usize> for FlashPage {
    fn index_mut(&mut self, index: usize) -> &mut u8 {
        &mut self.0[index]
    }
}

impl AsMut<[u8]> for FlashPage {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

/// What is under way.
#[derive(Clone, Copy)]
enum Job {
    Word { plan: Write, value: u32 },
    ErasePage(Erase),
    ReadPage { address: usize },
    WritePage { address: usize, erase: Erase },
    FillPage(Write),
}

/// The flash driver.
pub struct Nvmc<'a, A: Alarm<'a>, P: FlashPort = InternalFlash> {
    port: P,
    alarm: &'a A,
    deferred_call: DeferredCall,
    job: Cell<Option<Job>>,
    /// The page that [`Nvmc::erase_page_at`] erases, between its parts.
    erase: Cell<Option<Erase>>,
    page: TakeCell<'static, FlashPage>,
    word_client: OptionalCell<&'a dyn WordFlashClient>,
    page_client: OptionalCell<&'a dyn flash::Client<Self>>,
}

impl<'a, A: Alarm<'a>, P: FlashPort> Nvmc<'a, A, P> {
    /// Makes the driver. The board makes it the alarm's client and registers its
    /// deferred call.
    pub fn new(port: P, alarm: &'a A) -> Self {
        Nvmc {
            port,
            alarm,
            deferred_call: DeferredCall::new(),
            job: Cell::new(None),
            erase: Cell::new(None),
            page: TakeCell::empty(),
            word_client: OptionalCell::empty(),
            page_client: OptionalCell::empty(),
        }
    }

    /// Sets who hears of words and of pages erased with [`Nvmc::erase_page_at`].
    pub fn set_word_client(&self, client: &'a dyn WordFlashClient) {
        self.word_client.set(client);
    }

    /// Returns whether an operation is under way.
    pub fn is_busy(&self) -> bool {
        self.job.get().is_some() || self.erase.get().is_some()
    }

    /// Returns the word at byte address `address`, as it reads now; while an operation
    /// changes that very word or its page, it may be anything.
    ///
    /// # Errors
    /// Fails with `INVAL` if it is no aligned address of the flash.
    pub fn read(&self, address: usize) -> Result<u32, ErrorCode> {
        self.check_words(address, 1)?;
        Ok(self.port.word(address))
    }

    /// Starts to write one word; only bits that are 1 in the flash can change. At most two
    /// writes a word between erases. While [`Nvmc::erase_page_at`] erases another page, it is
    /// written between two parts.
    ///
    /// # Errors
    /// Fails with `BUSY` while another operation is under way, and with `INVAL` if it is no
    /// aligned address of the flash.
    pub fn write_word(&self, address: usize, value: u32) -> Result<(), ErrorCode> {
        self.check_words(address, 1)?;
        if self.job.get().is_some() {
            return Err(ErrorCode::BUSY);
        }
        let plan = Write::new(address, 1);
        self.job.set(Some(Job::Word { plan, value }));
        self.deferred_call.set();
        Ok(())
    }

    /// Starts to erase the page at byte address `address`, which takes about 0.25 s, in
    /// parts.
    ///
    /// # Errors
    /// Fails with `BUSY` while an operation other than [`Nvmc::write_word`] is under way, and
    /// with `INVAL` if it is not the address of a page.
    pub fn erase_page_at(&self, address: usize) -> Result<(), ErrorCode> {
        if !address.is_multiple_of(PAGE_SIZE) || !self.port.range().contains(&address) {
            return Err(ErrorCode::INVAL);
        }
        let writes_a_word = matches!(self.job.get(), None | Some(Job::Word { .. }));
        if self.erase.get().is_some() || !writes_a_word {
            return Err(ErrorCode::BUSY);
        }
        self.erase.set(Some(Erase::new(address)));
        self.deferred_call.set();
        Ok(())
    }

    fn check_words(&self, address: usize, count: usize) -> Result<(), ErrorCode> {
        let range = self.port.range();
        let inside = count
            .checked_mul(4)
            .and_then(|length| address.checked_add(length))
            .is_some_and(|end| end <= range.end && address >= range.start);
        if inside && address.is_multiple_of(4) {
            Ok(())
        } else {
            Err(ErrorCode::INVAL)
        }
    }

    fn page_address(&self, page: usize) -> Result<usize, ErrorCode> {
        page.checked_mul(PAGE_SIZE)
            .filter(|address| self.port.range().contains(address))
            .ok_or(ErrorCode::INVAL)
    }

    fn begin(&self, job: Job) -> Result<(), ErrorCode> {
        if self.is_busy() {
            return Err(ErrorCode::BUSY);
        }
        self.job.set(Some(job));
        self.deferred_call.set();
        Ok(())
    }

    fn begin_with_page(
        &self,
        job: Result<Job, ErrorCode>,
        page: &'static mut FlashPage,
    ) -> Result<(), (ErrorCode, &'static mut FlashPage)> {
        match job.and_then(|job| self.begin(job)) {
            Ok(()) => {
                self.page.replace(page);
                Ok(())
            }
            Err(error) => Err((error, page)),
        }
    }

    /// Does the next step of the job, or else of the erase, and arranges for the
    /// one after it.
    fn step(&self) {
        match self.job.get() {
            Some(job) => self.step_job(job),
            None => self.step_erase(),
        }
        // The job may have used up the alarm that the erase waited for.
        let waits = self.erase.get().is_some() && self.job.get().is_none();
        if waits && !self.alarm.is_armed() {
            self.pause(1);
        }
    }

    fn step_erase(&self) {
        let Some(mut erase) = self.erase.get() else {
            return;
        };
        match erase.step(&self.port) {
            Progress::Pause(milliseconds) => {
                self.erase.set(Some(erase));
                self.pause(milliseconds);
            }
            end => {
                self.erase.set(None);
                let result = match end {
                    Progress::Finished => Ok(()),
                    _ => Err(ErrorCode::FAIL),
                };
                self.word_client.map(|client| client.erased(result));
            }
        }
    }

    fn step_job(&self, mut job: Job) {
        let progress = match &mut job {
            Job::ErasePage(erase) => erase.step(&self.port),
            Job::Word { plan, value } => {
                let value = *value;
                plan.step(&self.port, |_| value)
            }
            Job::ReadPage { address } => {
                self.copy_page(*address);
                Progress::Finished
            }
            Job::WritePage { erase, .. } => erase.step(&self.port),
            Job::FillPage(plan) => self.page.map_or(Progress::Failed, |page| {
                plan.step(&self.port, |index| page_word(page, index))
            }),
        };
        match (progress, job) {
            (Progress::Pause(milliseconds), _) => {
                self.job.set(Some(job));
                self.pause(milliseconds);
            }
            (Progress::Finished, Job::WritePage { address, .. }) => {
                let plan = Write::new(address, PAGE_SIZE / 4);
                self.job.set(Some(Job::FillPage(plan)));
                self.pause(1);
            }
            (end, _) => {
                self.job.set(None);
                self.finish(job, end == Progress::Finished);
            }
        }
    }

    fn pause(&self, milliseconds: u32) {
        let pause = self.alarm.ticks_from_ms(milliseconds);
        self.alarm.set_alarm(self.alarm.now(), pause);
    }

    fn copy_page(&self, address: usize) {
        self.page.map(|page| {
            for (index, bytes) in page.0.chunks_exact_mut(4).enumerate() {
                bytes.copy_from_slice(&self.port.word(address + 4 * index).to_le_bytes());
            }
        });
    }

    fn finish(&self, job: Job, good: bool) {
        let words = if good { Ok(()) } else { Err(ErrorCode::FAIL) };
        let page = if good {
            Ok(())
        } else {
            Err(flash::Error::FlashError)
        };
        match job {
            Job::Word { .. } => {
                self.word_client.map(|client| client.written(words));
            }
            Job::ErasePage(_) => {
                self.page_client.map(|client| client.erase_complete(page));
            }
            Job::ReadPage { .. } => {
                if let Some(buffer) = self.page.take() {
                    self.page_client
                        .map(|client| client.read_complete(buffer, page));
                }
            }
            Job::WritePage { .. } | Job::FillPage(_) => {
                if let Some(buffer) = self.page.take() {
                    self.page_client
                        .map(|client| client.write_complete(buffer, page));
                }
            }
        }
    }
}

/// Word `index` of a page in RAM.
fn page_word(page: &FlashPage, index: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&page.0[4 * index..4 * index + 4]);
    u32::from_le_bytes(word)
}

impl<'a, A: Alarm<'a>, P: FlashPort> AlarmClient for Nvmc<'a, A, P> {
    fn alarm(&self) {
        self.step();
    }
}

impl<'a, A: Alarm<'a>, P: FlashPort> DeferredCallClient for Nvmc<'a, A, P> {
    fn handle_deferred_call(&self) {
        // An erase that pauses is not the one that this call was set for.
        if self.job.get().is_some() || !self.alarm.is_armed() {
            self.step();
        }
    }

    fn register(&'static self) {
        self.deferred_call.register(self);
    }
}

impl<'a, A: Alarm<'a>, P: FlashPort, C: flash::Client<Self>> flash::HasClient<'a, C>
    for Nvmc<'a, A, P>
{
    fn set_client(&'a self, client: &'a C) {
        self.page_client.set(client);
    }
}

impl<'a, A: Alarm<'a>, P: FlashPort> flash::Flash for Nvmc<'a, A, P> {
    type Page = FlashPage;

    fn read_page(
        &self,
        page_number: usize,
        buf: &'static mut FlashPage,
    ) -> Result<(), (ErrorCode, &'static mut FlashPage)> {
        let job = self
            .page_address(page_number)
            .map(|address| Job::ReadPage { address });
        self.begin_with_page(job, buf)
    }

    /// Erases the page and writes it; takes about 0.4 s.
    fn write_page(
        &self,
        page_number: usize,
        buf: &'static mut FlashPage,
    ) -> Result<(), (ErrorCode, &'static mut FlashPage)> {
        let job = self
            .page_address(page_number)
            .map(|address| Job::WritePage {
                address,
                erase: Erase::new(address),
            });
        self.begin_with_page(job, buf)
    }

    fn erase_page(&self, page_number: usize) -> Result<(), ErrorCode> {
        let address = self.page_address(page_number)?;
        self.begin(Job::ErasePage(Erase::new(address)))
    }
}

/// The words of the port's range, numbered from its start.
impl<'a, A: Alarm<'a>, P: FlashPort> WordFlash<'a> for Nvmc<'a, A, P> {
    fn set_client(&self, client: &'a dyn WordFlashClient) {
        self.set_word_client(client);
    }

    fn read(&self, word: usize) -> u32 {
        // A word outside of the range reads as erased flash does.
        Nvmc::read(self, self.port.range().start + word * WORD).unwrap_or(u32::MAX)
    }

    fn write(&self, word: usize, value: u32) -> Result<(), ErrorCode> {
        self.write_word(self.port.range().start + word * WORD, value)
    }

    fn erase(&self, page: usize) -> Result<(), ErrorCode> {
        self.erase_page_at(self.port.range().start + page * PAGE_SIZE)
    }
}

#[cfg(test)]
mod tests {
    use super::plan::tests::FakeFlash;
    use super::*;
    use ::testing::Clock;
    use kernel::hil::flash::{Flash, HasClient};
    use kernel::hil::time::Ticks24;
    use kernel::platform::chip::ThreadIdProvider;

    enum OneThread {}

    // SAFETY: all tests that use deferred calls run under `LOCK`, one at a time.
    unsafe impl ThreadIdProvider for OneThread {
        fn running_thread_id() -> usize {
            1
        }
    }

    static LOCK: std::sync::Mutex<()> = std::sync::Mutex::new(());

    type Driver = Nvmc<'static, Clock<Ticks24>, FakeFlash>;

    struct Listener {
        words: Cell<Option<Result<(), ErrorCode>>>,
        erased: Cell<Option<Result<(), ErrorCode>>>,
        page: TakeCell<'static, FlashPage>,
        page_result: Cell<Option<Result<(), flash::Error>>>,
    }

    impl WordFlashClient for Listener {
        fn written(&self, result: Result<(), ErrorCode>) {
            self.words.set(Some(result));
        }

        fn erased(&self, result: Result<(), ErrorCode>) {
            self.erased.set(Some(result));
        }
    }

    impl flash::Client<Driver> for Listener {
        fn read_complete(&self, buffer: &'static mut FlashPage, result: Result<(), flash::Error>) {
            self.page.replace(buffer);
            self.page_result.set(Some(result));
        }

        fn write_complete(&self, buffer: &'static mut FlashPage, result: Result<(), flash::Error>) {
            self.page.replace(buffer);
            self.page_result.set(Some(result));
        }

        fn erase_complete(&self, result: Result<(), flash::Error>) {
            self.page_result.set(Some(result));
        }
    }

    fn fixture() -> (&'static Driver, &'static Listener, &'static Clock<Ticks24>) {
        kernel::deferred_call::initialize_deferred_call_state::<OneThread>();
        let alarm: &'static Clock<Ticks24> = Box::leak(Box::default());
        let flash = FakeFlash::new(4, 0);
        let driver: &'static Driver = Box::leak(Box::new(Nvmc::new(flash, alarm)));
        let listener: &'static Listener = Box::leak(Box::new(Listener {
            words: Cell::new(None),
            erased: Cell::new(None),
            page: TakeCell::empty(),
            page_result: Cell::new(None),
        }));
        driver.register();
        driver.set_word_client(listener);
        HasClient::set_client(driver, listener);
        (driver, listener, alarm)
    }

    /// Lets the kernel loop and the alarm run until nothing is left to do;
    /// returns the pauses in ticks.
    fn settle(driver: &Driver, alarm: &Clock<Ticks24>) -> u32 {
        let mut paused = 0;
        loop {
            if DeferredCall::service_next_pending().is_some() {
                continue;
            }
            match alarm.take_alarm() {
                Some(ticks) => {
                    paused += ticks;
                    driver.alarm();
                }
                None => return paused,
            }
        }
    }

    #[test]
    fn words_and_pages_end_by_callback_and_never_at_once() {
        let _guard = LOCK.lock().unwrap();
        let (driver, listener, alarm) = fixture();
        driver.erase_page_at(PAGE_SIZE).unwrap();
        assert!(driver.is_busy() && listener.erased.get().is_none());
        assert_eq!(driver.erase_page_at(0), Err(ErrorCode::BUSY));
        let paused = settle(driver, alarm);
        assert!(paused >= 32_768 * 17 * 7 / 1000 - 17);
        assert_eq!(listener.erased.get(), Some(Ok(())));

        driver.write_word(PAGE_SIZE + 8, 0x1234_5678).unwrap();
        assert_eq!(driver.read(PAGE_SIZE + 8), Ok(0xFFFF_FFFF));
        settle(driver, alarm);
        assert_eq!(listener.words.take(), Some(Ok(())));
        assert_eq!(driver.read(PAGE_SIZE + 8), Ok(0x1234_5678));

        assert!(!driver.is_busy());
    }

    #[test]
    fn words_are_written_between_the_parts_of_an_erase() {
        let _guard = LOCK.lock().unwrap();
        let (driver, listener, alarm) = fixture();
        driver.erase_page_at(0).unwrap();
        settle(driver, alarm);
        assert_eq!(listener.erased.take(), Some(Ok(())));
        driver.erase_page_at(PAGE_SIZE).unwrap();
        while DeferredCall::service_next_pending().is_some() {}
        for word in 0..20 {
            // Once while the erase pauses, once when its pause ends first.
            driver.write_word(4 * word, word as u32).unwrap();
            assert_eq!(driver.write_word(400, 0), Err(ErrorCode::BUSY));
            assert_eq!(driver.erase_page_at(0), Err(ErrorCode::BUSY));
            if word % 2 == 1 && alarm.take_alarm().is_some() {
                driver.alarm();
            }
            while DeferredCall::service_next_pending().is_some() {}
            assert_eq!(listener.words.take(), Some(Ok(())));
            assert_eq!(driver.read(4 * word), Ok(word as u32));
            if word % 2 == 1 && listener.erased.get().is_none() {
                assert!(alarm.is_armed(), "the erase goes on");
                alarm.take_alarm();
                driver.alarm();
            }
        }
        settle(driver, alarm);
        assert_eq!(listener.erased.take(), Some(Ok(())));
        assert_eq!(driver.read(PAGE_SIZE), Ok(0xFFFF_FFFF));
        assert_eq!(driver.read(PAGE_SIZE * 2), Ok(0));
    }

    #[test]
    fn a_written_page_reads_back() {
        let _guard = LOCK.lock().unwrap();
        let (driver, listener, alarm) = fixture();
        let page: &'static mut FlashPage = Box::leak(Box::default());
        for index in 0..PAGE_SIZE {
            page[index] = (index * 7 % 251) as u8;
        }
        assert!(driver.write_page(2, page).is_ok());
        settle(driver, alarm);
        assert_eq!(listener.page_result.take(), Some(Ok(())));
        let page = listener.page.take().unwrap();
        page.0.fill(0);
        assert!(driver.read_page(2, page).is_ok());
        settle(driver, alarm);
        let page = listener.page.take().unwrap();
        assert!((0..PAGE_SIZE).all(|index| page[index] == (index * 7 % 251) as u8));
    }

    #[test]
    fn what_is_not_flash_is_refused() {
        let _guard = LOCK.lock().unwrap();
        let (driver, _, alarm) = fixture();
        assert_eq!(driver.read(2), Err(ErrorCode::INVAL));
        assert_eq!(driver.read(4 * PAGE_SIZE), Err(ErrorCode::INVAL));
        assert_eq!(driver.write_word(usize::MAX - 3, 0), Err(ErrorCode::INVAL));
        assert_eq!(driver.erase_page_at(100), Err(ErrorCode::INVAL));
        assert_eq!(driver.erase_page(4), Err(ErrorCode::INVAL));
        assert_eq!(driver.erase_page(usize::MAX), Err(ErrorCode::INVAL));
        assert_eq!(settle(driver, alarm), 0);
    }

    #[test]
    fn a_store_sees_the_range_word_by_word() {
        let _guard = LOCK.lock().unwrap();
        let (driver, listener, alarm) = fixture();
        let words: &dyn WordFlash<'static> = driver;
        words.erase(1).unwrap();
        settle(driver, alarm);
        assert_eq!(listener.erased.take(), Some(Ok(())));
        let first = driver.port.range().start;
        words.write(PAGE_SIZE / WORD + 2, 0x1234_5678).unwrap();
        settle(driver, alarm);
        assert_eq!(listener.words.take(), Some(Ok(())));
        assert_eq!(words.read(PAGE_SIZE / WORD + 2), 0x1234_5678);
        assert_eq!(driver.read(first + PAGE_SIZE + 8), Ok(0x1234_5678));
        // Outside of the range nothing is read, written or erased.
        let beyond = driver.port.range().len() / WORD;
        assert_eq!(words.read(beyond), u32::MAX);
        assert_eq!(words.write(beyond, 0), Err(ErrorCode::INVAL));
        assert_eq!(words.erase(4), Err(ErrorCode::INVAL));
    }
}
