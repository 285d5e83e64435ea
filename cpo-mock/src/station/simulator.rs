//! The simulated stations of this platform.
//!
//! A station exists as soon as somebody touches it. Its state is in the database and nowhere else: a process that is
//! killed loses nothing, and a thousand idle stations cost nothing. A change is saved together with the events that it
//! causes; only then is the platform told, and only then are the events forgotten. What the platform was told twice it
//! recognises by the event's number.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use ocpi_http::Clock;
use ocpi_party::{Db, DbError, Tx};
use ocpi_types::{DateTime, Evse, PartyId};
use serde::Serialize;
use tokio::sync::Notify;

use super::hands::Refusal;
use super::model::Station;
use super::settings::Settings;
use super::{Answer, Car, CentralSystem, Command, EvseKey, EvseState, Plan, Stations, Temper, Verdict, store};
use crate::locations;
use crate::tokens::authorize::Card;

/// The longest sleep, in domain time: another process may have given a station something to do.
const LONGEST_SLEEP: std::time::Duration = std::time::Duration::from_mins(1);

/// Runs the simulated stations.
#[derive(Clone)]
pub struct Simulator {
    db: Db,
    clock: Clock,
    settings: Arc<Settings>,
    central: Arc<dyn CentralSystem>,
    changed: Arc<Notify>,
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulator").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Why something could not be done at a station.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// No such EVSE is stored.
    #[error("there is no such EVSE")]
    UnknownEvse,
    /// It makes no sense in the state in which the station is.
    #[error("{0}")]
    Refused(String),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<Refusal> for SimulatorError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.to_string())
    }
}

/// A station as the operator sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct StationView {
    /// The party that operates it, as `NL/TNM`.
    #[schema(example = "US/CPO")]
    pub party: String,
    /// `Location.id`.
    #[schema(example = "SEA001")]
    pub location_id: String,
    /// `EVSE.uid`.
    #[schema(example = "SEA001-1")]
    pub evse_uid: String,
    /// `AVAILABLE`, `IN_USE`, `RESERVED` or `FAULTED`.
    #[schema(example = "IN_USE")]
    pub state: &'static str,
    /// What is broken.
    #[schema(required = false, example = json!(null))]
    pub fault: Option<String>,
    /// How it takes commands.
    pub temper: Temper,
    /// The connector at which a vehicle is plugged in.
    #[schema(required = false, example = "1")]
    pub plugged_in: Option<String>,
    /// The vehicle's state of charge, in percent.
    #[schema(required = false, example = 45)]
    pub soc_percent: Option<i64>,
    /// The power that flows, in W.
    #[schema(example = 7200)]
    pub watts: i64,
    /// The most that may flow to the vehicle that is plugged in, by all limits, in W.
    #[schema(required = false, example = 11520)]
    pub limit_watts: Option<i64>,
    /// The transaction that is going on; it has the id of its Session.
    #[schema(required = false, example = "0a0e0c5e-6c3a-4f2c-9b53-0f4d2f0a1c11")]
    pub session_id: Option<String>,
    /// The reservation for which it is kept; it has the id of its Session.
    #[schema(required = false, example = json!(null))]
    pub reservation_id: Option<String>,
    /// Until when it is kept.
    #[schema(required = false, example = json!(null))]
    pub reserved_until: Option<DateTime>,
}

impl StationView {
    fn of(key: &EvseKey, station: &Station) -> Self {
        Self {
            party: key.owner.to_string(),
            location_id: key.location_id.as_str().to_owned(),
            evse_uid: key.evse_uid.as_str().to_owned(),
            state: match station.state() {
                EvseState::Available => "AVAILABLE",
                EvseState::InUse => "IN_USE",
                EvseState::Reserved => "RESERVED",
                EvseState::Faulted => "FAULTED",
            },
            fault: station.fault().map(str::to_owned),
            temper: station.temper,
            plugged_in: station.plugged().map(|(connector, _)| connector.to_owned()),
            soc_percent: station.plugged().map(|(_, car)| car.soc_percent()),
            watts: station.flow().map_or(0, |(_, watts)| watts),
            limit_watts: station.allowed().map(|(watts, _)| watts),
            session_id: station.transaction().map(|transaction| transaction.authorized.id.clone()),
            reservation_id: station.kept().map(|kept| kept.reservation_id.clone()),
            reserved_until: station.kept().map(|kept| kept.until),
        }
    }
}

impl Simulator {
    /// Stations that report to `central`.
    #[must_use]
    pub fn new(db: Db, clock: Clock, settings: Settings, central: Arc<dyn CentralSystem>) -> Self {
        Self { db, clock, settings: Arc::new(settings), central, changed: Arc::new(Notify::new()) }
    }

    /// What a station looks like now.
    pub async fn view(&self, key: &EvseKey) -> Result<StationView, SimulatorError> {
        Ok(StationView::of(key, &self.look(key).await?))
    }

    /// A vehicle is plugged in; `None` for the connector means the first one.
    pub async fn plug_in(
        &self,
        key: &EvseKey,
        connector_id: Option<String>,
        car: Car,
    ) -> Result<StationView, SimulatorError> {
        self.by_hand(key, move |station, settings| station.plug_in(connector_id.as_deref(), car, settings)).await
    }

    /// The vehicle is unplugged.
    pub async fn unplug(&self, key: &EvseKey) -> Result<StationView, SimulatorError> {
        self.by_hand(key, Station::unplug).await
    }

    /// Something breaks.
    pub async fn break_down(&self, key: &EvseKey, fault: String) -> Result<StationView, SimulatorError> {
        self.by_hand(key, move |station, settings| {
            station.break_down(&fault, settings);
            Ok(())
        })
        .await
    }

    /// Everything works again.
    pub async fn repair(&self, key: &EvseKey) -> Result<StationView, SimulatorError> {
        self.by_hand(key, |station, _| station.repair()).await
    }

    /// From now on the station takes commands like this.
    pub async fn set_temper(&self, key: &EvseKey, temper: Temper) -> Result<StationView, SimulatorError> {
        self.by_hand(key, move |station, _| {
            station.temper = temper;
            Ok(())
        })
        .await
    }

    /// The site's own protection allows no more than this, in W; `None` lifts the limit.
    pub async fn limit_site(&self, key: &EvseKey, watts: Option<i64>) -> Result<StationView, SimulatorError> {
        self.by_hand(key, move |station, _| {
            station.limit_site(watts);
            Ok(())
        })
        .await
    }

    /// A driver holds a card to the reader: starts a charge, or ends the one that is going on.
    pub async fn present_card(&self, key: &EvseKey, card: &Card) -> Result<StationView, SimulatorError> {
        let station = self.look(key).await?;
        if station.fault().is_some() {
            return Err(SimulatorError::Refused("the station is out of order".to_owned()));
        }
        let running = station.transaction().map(|transaction| transaction.authorized.clone());
        if let Some(authorized) = &running
            && authorized.uid.eq_ignore_ascii_case(&card.uid)
        {
            return self.stop_locally(key).await;
        }
        // The peer is asked outside of any transaction; a process that dies meanwhile has promised nothing.
        match self.central.authorize(key, card, running.as_ref()).await {
            Verdict::Refused { reason } => Err(SimulatorError::Refused(format!("the card is refused: {reason}"))),
            Verdict::Allowed(_) if running.is_some() => self.stop_locally(key).await,
            Verdict::Allowed(authorized) => {
                self.by_hand(key, move |station, settings| match station.start(None, authorized, settings) {
                    Answer::Accepted => Ok(()),
                    Answer::Occupied => Err(Refusal("somebody else is charging here")),
                    Answer::Reserved => Err(Refusal("the EVSE is reserved for somebody else")),
                    Answer::NoCable => Err(Refusal("plug the vehicle in first")),
                    _ => Err(Refusal("the station does not start")),
                })
                .await
            }
        }
    }

    async fn stop_locally(&self, key: &EvseKey) -> Result<StationView, SimulatorError> {
        self.by_hand(key, |station, settings| {
            station.stop_locally(settings);
            Ok(())
        })
        .await
    }

    /// Does everything that is due by now, at all stations.
    pub async fn run_due(&self) -> Result<(), DbError> {
        loop {
            let due = store::due(&self.db, self.clock.now()).await?;
            if due.is_empty() {
                return Ok(());
            }
            for key in due {
                match self.change(&key, |_, _| ()).await {
                    Ok(()) => {}
                    Err(SimulatorError::Db(error)) => return Err(error),
                    // The EVSE is gone.
                    Err(_) => self.forget(key).await?,
                }
            }
        }
    }

    /// Runs the stations until `shutdown` is done.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) {
        tokio::pin!(shutdown);
        loop {
            if let Err(error) = self.run_due().await {
                tracing::error!(error = error.chain(), "the simulated stations stand still");
            }
            let pause = match store::next_wake(&self.db).await {
                Ok(Some(at)) => (at - self.clock.now()).to_std().unwrap_or_default().min(LONGEST_SLEEP),
                _ => LONGEST_SLEEP,
            };
            // At least a moment: an event that cannot be delivered is due at once, again and again.
            let pause = pause.max(std::time::Duration::from_millis(20));
            tokio::select! {
                () = self.clock.sleep(pause) => {}
                () = self.changed.notified() => {}
                () = &mut shutdown => return,
            }
        }
    }

    /// Part of a write that changes a Location: idle stations are built anew from what is stored then, the others follow at
    /// once, see [`Station::follow`].
    pub async fn rebuild(tx: &mut Tx, owner: &PartyId, location_id: &str) -> Result<(), DbError> {
        for key in store::of_location(tx, owner, location_id).await? {
            match store::load(tx, &key).await? {
                Some(station) if station.is_idle() => store::forget(tx, &key).await?,
                Some(_) => store::wake(tx, &key).await?,
                None => {}
            }
        }
        Ok(())
    }

    /// Whether something at this station is broken, whatever is published.
    pub async fn is_broken(tx: &mut Tx, key: &EvseKey) -> Result<bool, DbError> {
        Ok(store::load(tx, key).await?.is_some_and(|station| station.is_broken()))
    }

    /// Somebody has changed what stations do next.
    pub fn look_around(&self) {
        self.changed.notify_one();
    }

    /// The station as it is now, without saving anything.
    async fn look(&self, key: &EvseKey) -> Result<Station, SimulatorError> {
        let now = self.clock.now();
        let mut station = match store::read(&self.db, key).await? {
            Some(station) => station,
            None => Station::new(&self.evse(key).await?, now),
        };
        station.advance(now, &self.settings);
        Ok(station)
    }

    async fn evse(&self, key: &EvseKey) -> Result<Evse, SimulatorError> {
        locations::store::evse(&self.db, key).await?.ok_or(SimulatorError::UnknownEvse)
    }

    async fn by_hand(
        &self,
        key: &EvseKey,
        act: impl FnOnce(&mut Station, &Settings) -> Result<(), Refusal> + Send + 'static,
    ) -> Result<StationView, SimulatorError> {
        self.change(key, act).await??;
        self.view(key).await
    }

    /// Lets the time pass that has passed, does `act`, saves, and tells the platform.
    async fn change<T: Send + 'static>(
        &self,
        key: &EvseKey,
        act: impl FnOnce(&mut Station, &Settings) -> T + Send + 'static,
    ) -> Result<T, SimulatorError> {
        let (target, settings, now) = (key.clone(), self.settings.clone(), self.clock.now());
        let (result, heard) = self
            .db
            .write(move |tx| {
                Box::pin(async move {
                    let station = store::load(tx, &target).await?;
                    let Some(evse) = locations::store::evse_in(tx, &target).await? else { return Ok(None) };
                    let mut station = station.unwrap_or_else(|| Station::new(&evse, now));
                    // As long as the platform has not heard of everything, what it has published is older than that.
                    let heard = station.is_heard();
                    station.advance(now, &settings);
                    if heard {
                        station.follow(&evse.status, &settings);
                    }
                    let result = act(&mut station, &settings);
                    store::save(tx, &target, &station).await?;
                    Ok::<_, DbError>(Some((result, heard)))
                })
            })
            .await?
            .ok_or(SimulatorError::UnknownEvse)?;
        self.tell(key).await?;
        if !heard {
            // Now the platform has heard of everything: the station looks what is published.
            let key = key.clone();
            self.db.write(move |tx| Box::pin(async move { store::wake(tx, &key).await })).await?;
        }
        self.changed.notify_one();
        Ok(result)
    }

    /// Tells the platform what it has not been told yet, in order.
    async fn tell(&self, key: &EvseKey) -> Result<(), DbError> {
        let Some(station) = store::read(&self.db, key).await? else { return Ok(()) };
        let Some(last) = station.untold.last().map(|event| event.seq) else { return Ok(()) };
        for event in &station.untold {
            self.central.handle(key, event).await?;
        }
        let target = key.clone();
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    if let Some(mut station) = store::load(tx, &target).await? {
                        station.untold.retain(|event| event.seq > last);
                        store::save(tx, &target, &station).await?;
                    }
                    Ok::<_, DbError>(())
                })
            })
            .await
    }

    async fn forget(&self, key: EvseKey) -> Result<(), DbError> {
        self.db.write(move |tx| Box::pin(async move { store::forget(tx, &key).await })).await
    }
}

impl Stations for Simulator {
    fn send<'a>(&'a self, evse: &'a EvseKey, command: Command) -> BoxFuture<'a, Result<Answer, DbError>> {
        Box::pin(async move {
            match self.change(evse, move |station, settings| station.command(command, settings)).await {
                Ok(answer) => Ok(answer),
                Err(SimulatorError::Db(error)) => Err(error),
                Err(SimulatorError::UnknownEvse | SimulatorError::Refused(_)) => Ok(Answer::Failed),
            }
        })
    }

    fn plan<'a>(
        &'a self,
        evse: &'a EvseKey,
        transaction_id: &'a str,
        seconds: i64,
    ) -> BoxFuture<'a, Result<Result<Plan, Answer>, DbError>> {
        Box::pin(async move {
            match self.look(evse).await {
                Ok(station) => Ok(match station.refusal() {
                    None => station.plan(transaction_id, seconds).ok_or(Answer::Rejected),
                    Some(refusal) => Err(refusal),
                }),
                Err(SimulatorError::Db(error)) => Err(error),
                Err(SimulatorError::UnknownEvse | SimulatorError::Refused(_)) => Ok(Err(Answer::Rejected)),
            }
        })
    }

    fn answer_to<'a>(&'a self, evse: &'a EvseKey, request: &'a str) -> BoxFuture<'a, Result<Option<Answer>, DbError>> {
        Box::pin(async move { Ok(store::read(&self.db, evse).await?.and_then(|station| station.answer_to(request))) })
    }
}
