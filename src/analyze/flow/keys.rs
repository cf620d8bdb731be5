//! The keys of a device: which were given, which are used, and the policy that came with one.

use crate::analyze::draft::clip;
use crate::analyze::eas::key_text;
use crate::analyze::rules::Scene;
use crate::model::{ExchangeId, KeyRole, KeyStep, Leg, ProvisionState};

use super::event::{Ask, Reply, SentKey};
use super::machine::Machine;
use super::memory::{KnownKey, Mark};
use super::policy;

/// Keys of one history.
const KEYS: usize = 32;

impl Machine {
    /// What an exchange tells of keys.
    pub(super) fn keys_of(&mut self, scene: &Scene<'_>) {
        let exchange = scene.subject.exchange;
        let given = scene.answer.as_ref().and_then(|message| {
            let node = message.policy_child("PolicyKey")?;
            let key = key_text(&message.document.text(node));
            let mark = Mark::node(exchange, Leg::Response, &message.document, Some(node));
            Some(KnownKey { key, mark, assumed: false })
        });
        match (scene.reply, given) {
            (Reply::Offer, Some(known)) => {
                self.history(&known.key, KeyRole::Temporary, exchange.id);
                self.memory.offer = Some(known.clone());
                self.memory.temporary = Some(known);
                self.take_policy(scene);
            }
            (Reply::Final, Some(known)) => {
                self.history(&known.key, KeyRole::Final, exchange.id);
                self.walked = false;
                self.memory.offer = None;
                if !self.memory.device_information {
                    self.memory.information_due = Some(known.mark);
                }
                if let Some(policy) = &mut self.memory.policy
                    && matches!(self.memory.acknowledged.as_deref(), Some("1" | "2"))
                {
                    policy.acknowledged = Some(exchange.id);
                }
                self.memory.known = Some(known);
            }
            (Reply::NoPolicy, Some(known)) => {
                self.history(&known.key, KeyRole::WithoutPolicy, exchange.id);
                self.memory.known = None;
            }
            (Reply::Served, _) if self.memory.known.is_none() => self.learn(scene),
            _ => {}
        }
    }

    /// A key that was served is the final one, if the state says so.
    fn learn(&mut self, scene: &Scene<'_>) {
        let exchange = scene.subject.exchange;
        if scene.ask != Ask::Command || self.memory.state != ProvisionState::Provisioned {
            return;
        }
        if let SentKey::Number(_) | SentKey::Text(_) = scene.key {
            let key = scene.key.text();
            self.history(&key, KeyRole::Sent, exchange.id);
            let mark = Mark::leg(exchange, Leg::Request);
            self.memory.known = Some(KnownKey { key, mark, assumed: true });
        }
    }

    fn take_policy(&mut self, scene: &Scene<'_>) {
        let Some(message) = &scene.answer else { return };
        let earlier = self.memory.policy.as_ref();
        let exchange = scene.subject.exchange.id;
        let read = match (message.settings(), scene.wap_policy()) {
            (Some(root), _) => policy::read(&message.document, root, exchange, earlier),
            (None, Some(document)) => policy::read_wap(&document, exchange, earlier),
            (None, None) => return,
        };
        self.memory.previous = self.memory.policy.replace(read);
    }

    fn history(&mut self, key: &str, role: KeyRole, exchange: ExchangeId) {
        if self.keys.len() == KEYS {
            self.keys.pop_front();
        }
        self.keys.push_back(KeyStep { key: clip(key), role, exchange });
    }
}
