//! Whether an app may have a command carried out now: policy, state, session slots.

use kernel::{ErrorCode, ProcessId};

use super::KeyStore;
use crate::key_store::operations::command::{Action, Command, Seal};
use crate::key_store::operations::Permit;
use crate::key_store::policy::{Kind, Operations, State};
use crate::key_store::sessions::{is_slot, Rights, Sessions};
use capsules_support::app_identity::app_of;
use capsules_system::step_call::StepCall;
use meter_hil::word_flash::WordFlash;

impl<'a, F: WordFlash<'a>, S: StepCall> KeyStore<'a, F, S> {
    /// What the policy says of a command now.
    pub(super) fn permit(
        &self,
        process: ProcessId,
        command: &Command,
    ) -> Result<Permit, ErrorCode> {
        let state = self.vault.state()?;
        let app = app_of(process).map(|app| app.get());
        let Some(operation) = command.operation() else {
            if let Action::AdvanceState(to) = command.action {
                self.policy.transition(app, state, to)?;
            }
            return Ok(Permit {
                kind: None,
                session: Rights::NONE,
                succeeds: false,
            });
        };
        let object = command.object;
        let mut permit = if is_slot(object) {
            self.permit_slot(process, object, operation)?
        } else {
            let access = self.policy.access(app, object, operation, state)?;
            Permit {
                kind: Some(access.kind),
                session: access.session,
                succeeds: self.may_activate(app, object, state),
            }
        };
        match command.action {
            // Whatever the table says.
            Action::Import if state != State::Factory => return Err(ErrorCode::OFF),
            Action::Read if permit.kind == Some(Kind::Counter) => return Err(ErrorCode::NOSUPPORT),
            Action::Agree(slot, _) => self.may_fill(slot, process)?,
            Action::Encrypt(Seal {
                with: Some(key), ..
            })
            | Action::Decrypt(Seal {
                with: Some(key), ..
            }) => {
                let authenticate = Operations::AUTHENTICATE;
                if is_slot(object) {
                    self.permit_slot(process, object, authenticate)?;
                }
                self.policy.access(app, key, authenticate, state)?;
            }
            Action::Wrap(slot) => self.owns(slot, process)?,
            Action::Unwrap(target) if is_slot(target) => self.may_fill(target, process)?,
            Action::Unwrap(target) => {
                let replace = Operations::REPLACE;
                self.policy.access(app, target, replace, state)?;
                permit.succeeds = self.may_activate(app, target, state);
            }
            _ => {}
        }
        Ok(permit)
    }

    fn may_activate(&self, app: Option<u32>, object: u16, state: State) -> bool {
        let activate = Operations::ACTIVATE;
        self.policy.access(app, object, activate, state).is_ok()
    }

    fn permit_slot(
        &self,
        process: ProcessId,
        slot: u16,
        operation: Operations,
    ) -> Result<Permit, ErrorCode> {
        let session = if operation == Operations::ERASE {
            self.owns(slot, process)?;
            Rights::NONE
        } else {
            let permitted =
                |sessions: &mut Sessions<_>| sessions.permitted(slot, process, operation);
            self.sessions.map_or(Err(ErrorCode::BUSY), permitted)?
        };
        Ok(Permit {
            kind: None,
            session,
            succeeds: false,
        })
    }

    pub(super) fn owns(&self, slot: u16, process: ProcessId) -> Result<(), ErrorCode> {
        self.sessions.map_or(Err(ErrorCode::BUSY), |sessions| {
            sessions.key(slot, process).map(|_| ())
        })
    }

    pub(super) fn share_of(&self, process: ProcessId) -> usize {
        self.policy.share_of(app_of(process).map(|app| app.get()))
    }

    pub(super) fn may_fill(&self, slot: u16, process: ProcessId) -> Result<(), ErrorCode> {
        self.sessions.map_or(Err(ErrorCode::BUSY), |sessions| {
            sessions.may_fill(slot, process, self.share_of(process))
        })
    }
}
