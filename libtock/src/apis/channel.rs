//! Messages between applications (driver 0x80000005, docs/syscalls/80000005_channel.md).

use crate::platform::{share, AllowRo, AllowRw, DefaultConfig, ErrorCode, Syscalls};
use core::marker::PhantomData;
use drivers::channel::{read_only, read_write, upcall, Command, NUMBER};

/// The channels of this application, by the numbers of the meter's manifest.
pub struct Channel<S: Syscalls>(PhantomData<S>);

/// A message that was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// Its bytes at the start of the buffer.
    pub length: usize,
    /// Messages lost before it, since the one received before.
    pub lost: u32,
}

impl<S: Syscalls> Channel<S> {
    /// Whether the driver is there.
    ///
    /// # Errors
    /// Fails with `NoDevice` if the kernel does not have the driver.
    pub fn exists() -> Result<(), ErrorCode> {
        S::command(DRIVER_NUM, Command::Exists.number(), 0, 0).to_result()
    }

    /// Puts a copy of `message` into the queue of every reader that runs.
    ///
    /// # Errors
    /// Fails with `NoDevice` if there is no driver or this application is not the
    /// channel's writer, with `Size` if the message is too long for the channel, and with
    /// `Busy` if a reader's queue is full and the channel refuses; [`ROOM`] then tells
    /// when there is room.
    pub fn send(channel: u32, message: &[u8]) -> Result<(), ErrorCode> {
        share::scope::<AllowRo<S, DRIVER_NUM, SEND_BUFFER>, _, _>(|handle| {
            S::allow_ro::<DefaultConfig, DRIVER_NUM, SEND_BUFFER>(handle, message)?;
            S::command(
                DRIVER_NUM,
                Command::Send.number(),
                channel,
                message.len() as u32,
            )
            .to_result()
        })
    }

    /// Takes the oldest message into `buffer`; returns its length and what was lost before
    /// it, or `None` if no message waits. Once [`MESSAGE`] has told of
    /// messages it stays silent until this is called again, so an application
    /// takes all before it waits.
    ///
    /// # Errors
    /// Fails with `NoDevice` if there is no driver or this application is not a reader of
    /// the channel, with `Size` if `buffer` is too short, when the message stays, and with
    /// `BadRVal` if the driver claims more bytes than the buffer has.
    pub fn receive(channel: u32, buffer: &mut [u8]) -> Result<Option<Received>, ErrorCode> {
        let room = buffer.len();
        share::scope::<AllowRw<S, DRIVER_NUM, RECEIVE_BUFFER>, _, _>(|handle| {
            S::allow_rw::<DefaultConfig, DRIVER_NUM, RECEIVE_BUFFER>(handle, buffer)?;
            match S::command(DRIVER_NUM, Command::Receive.number(), channel, 0).to_result() {
                Ok((length, lost)) => {
                    let length = length as usize;
                    if length > room {
                        return Err(ErrorCode::BadRVal);
                    }
                    Ok(Some(Received { length, lost }))
                }
                Err(ErrorCode::NoMem) => Ok(None),
                Err(error) => Err(error),
            }
        })
    }

    /// Returns to a reader how many messages wait, and how many were lost since the last
    /// one that it received; to the writer the room in the fullest queue, and how many
    /// messages were lost since the kernel started.
    ///
    /// # Errors
    /// Fails with `NoDevice` if there is no driver or this application neither writes nor
    /// reads the channel.
    pub fn state(channel: u32) -> Result<(u32, u32), ErrorCode> {
        S::command(DRIVER_NUM, Command::State.number(), channel, 0).to_result()
    }
}

/// The driver's number.
pub const DRIVER_NUM: u32 = NUMBER;

/// Subscribe number, for readers: a message has come (channel, messages waiting).
pub const MESSAGE: u32 = upcall::MESSAGE;

/// Subscribe number, for writers that were refused: (channel, room).
pub const ROOM: u32 = upcall::ROOM;

/// Read-only buffer number of the message to send.
pub const SEND_BUFFER: u32 = read_only::MESSAGE;

/// Read-write buffer number that messages are copied to.
pub const RECEIVE_BUFFER: u32 = read_write::MESSAGE;
