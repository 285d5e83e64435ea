//! The state, and every route of this server on one screen.

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use ocpi_http::Clock;
use ocpi_party::app::{common_routes, finish_router, serve_party};
use ocpi_party::{
    DbError, ModuleMount, ObjectTable, Party, PartySetup, Peer, Running, StartError, spawn_puller, spawn_pusher,
};
use ocpi_types::{InterfaceRole, ModuleId, PartyId, Role};
use sqlx::migrate::Migrator;
use tokio::net::TcpListener;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::config::Config;
use crate::outbox::EmspOutbox;
use crate::pull::CpoInbox;
use crate::tokens::book::TokenBook;
use crate::tokens::expiry::spawn_expiry;
use crate::tokens::log::AuthorizationLog;
use crate::{api, cdrs, charging_profiles, commands, demo, locations, operator, sessions, tariffs, tokens};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Our own objects that are pushed to partners.
static PUSHED: [(ModuleId, ObjectTable); 1] = [(ModuleId::Tokens, tokens::store::TABLE)];

/// What the version details list.
static MODULES: [ModuleMount; 8] = [
    mount(ModuleId::Locations, InterfaceRole::Receiver, LOCATIONS),
    mount(ModuleId::Tariffs, InterfaceRole::Receiver, TARIFFS),
    mount(ModuleId::Sessions, InterfaceRole::Receiver, SESSIONS),
    mount(ModuleId::Cdrs, InterfaceRole::Receiver, CDRS),
    mount(ModuleId::Tokens, InterfaceRole::Sender, TOKENS),
    mount(ModuleId::Commands, InterfaceRole::Sender, COMMANDS),
    mount(ModuleId::Chargingprofiles, InterfaceRole::Sender, CHARGING_PROFILES),
    mount(ModuleId::Chargingprofiles, InterfaceRole::Receiver, SMART_CHARGING),
];

pub(crate) const LOCATIONS: &str = "/ocpi/2.2.1/emsp/locations";
pub(crate) const TARIFFS: &str = "/ocpi/2.2.1/emsp/tariffs";
pub(crate) const SESSIONS: &str = "/ocpi/2.2.1/emsp/sessions";
pub(crate) const CDRS: &str = "/ocpi/2.2.1/emsp/cdrs";
pub(crate) const TOKENS: &str = "/ocpi/2.2.1/emsp/tokens";
pub(crate) const COMMANDS: &str = "/ocpi/2.2.1/emsp/commands";
pub(crate) const CHARGING_PROFILES: &str = "/ocpi/2.2.1/emsp/chargingprofiles";
/// The Receiver interface has an endpoint of its own: both interfaces have a PUT on a Session.
pub(crate) const SMART_CHARGING: &str = "/ocpi/2.2.1/emsp/scsp/chargingprofiles";

const fn mount(module: ModuleId, role: InterfaceRole, path: &'static str) -> ModuleMount {
    ModuleMount { module, role, path }
}

/// An EMSP; clones are cheap and share everything.
#[derive(Debug, Clone)]
pub struct App {
    /// What every party has.
    pub party: Party,
    /// The configuration.
    pub config: Arc<Config>,
    /// Look-up of our drivers' tokens.
    pub tokens: TokenBook,
    /// The authorizations that we gave.
    pub authorizations: AuthorizationLog,
}

impl FromRef<App> for Party {
    fn from_ref(app: &App) -> Self {
        app.party.clone()
    }
}

impl App {
    /// Opens the database, and puts demo data into it where that is configured. Nothing runs yet.
    pub async fn open(config: Config, clock: Clock) -> Result<Self, StartError> {
        config.check()?;
        let party = Party::open(PartySetup {
            config: config.party.clone(),
            role: Role::Emsp,
            modules: &MODULES,
            pushed: &PUSHED,
            migrations: vec![&MIGRATIONS],
            clock,
            seed: None,
        })
        .await?;
        let app = Self {
            tokens: TokenBook::new(party.db.clone()),
            authorizations: AuthorizationLog::start(party.db.clone()),
            config: Arc::new(config),
            party,
        };
        if app.config.demo_data {
            demo::seed(&app).await?;
        }
        Ok(app)
    }

    /// All routes, grouped by who calls them.
    fn routes() -> OpenApiRouter<Self> {
        let partners = OpenApiRouter::new()
            .routes(routes!(locations::receiver::get, locations::receiver::put, locations::receiver::patch))
            .routes(routes!(
                locations::receiver::get_evse,
                locations::receiver::put_evse,
                locations::receiver::patch_evse
            ))
            .routes(routes!(
                locations::receiver::get_connector,
                locations::receiver::put_connector,
                locations::receiver::patch_connector
            ))
            .routes(routes!(tariffs::receiver::get, tariffs::receiver::put, tariffs::receiver::delete))
            .routes(routes!(sessions::receiver::get, sessions::receiver::put, sessions::receiver::patch))
            .routes(routes!(cdrs::receiver::post))
            .routes(routes!(cdrs::receiver::get))
            .routes(routes!(tokens::sender::list))
            .routes(routes!(tokens::sender::authorize))
            .routes(routes!(commands::callback::post))
            .routes(routes!(charging_profiles::callback::post))
            .routes(routes!(charging_profiles::callback::put))
            .routes(routes!(
                charging_profiles::receiver::get,
                charging_profiles::receiver::put,
                charging_profiles::receiver::delete
            ));
        let operators = OpenApiRouter::new()
            .routes(routes!(operator::tokens::list, operator::tokens::post))
            .routes(routes!(operator::tokens::get, operator::tokens::put))
            .routes(routes!(operator::tokens::block))
            .routes(routes!(operator::tokens::unblock))
            .routes(routes!(operator::drivers::list))
            .routes(routes!(operator::drivers::get))
            .routes(routes!(operator::objects::list_locations))
            .routes(routes!(operator::objects::get_location))
            .routes(routes!(operator::availability::get))
            .routes(routes!(operator::objects::list_tariffs))
            .routes(routes!(operator::objects::get_tariff))
            .routes(routes!(operator::objects::list_sessions))
            .routes(routes!(operator::objects::get_session))
            .routes(routes!(operator::balance::get))
            .routes(routes!(
                operator::smart_charging::get_profile,
                operator::smart_charging::set_profile,
                operator::smart_charging::clear_profile
            ))
            .routes(routes!(operator::smart_charging::read_plan))
            .routes(routes!(operator::smart_charging::get_request))
            .routes(routes!(operator::smart_charging::get_preferences, operator::smart_charging::prefer))
            .routes(routes!(operator::cdrs::list))
            .routes(routes!(operator::cdrs::get))
            .routes(routes!(operator::cdrs::check_again))
            .routes(routes!(operator::explanations::of_cdr))
            .routes(routes!(operator::explanations::of_session))
            .routes(routes!(operator::commands::start))
            .routes(routes!(operator::commands::stop))
            .routes(routes!(operator::commands::unlock))
            .routes(routes!(operator::commands::reserve_now))
            .routes(routes!(operator::commands::cancel_reservation))
            .routes(routes!(operator::reservations::list))
            .routes(routes!(operator::reservations::get))
            .routes(routes!(operator::commands::list))
            .routes(routes!(operator::commands::get));
        common_routes().merge(partners).merge(operators)
    }

    /// The OpenAPI document of this server.
    #[must_use]
    pub fn openapi() -> OpenApi {
        api::complete(Self::routes().into_openapi())
    }

    /// The whole server, without its background tasks.
    pub fn router(&self) -> Router {
        let (routes, api) = Self::routes().split_for_parts();
        finish_router(&self.party, routes, api::complete(api), self.clone())
    }

    /// Serves on this listener, pushes tokens, pulls from CPOs and ends contracts whose time has come.
    pub async fn start(self, listener: TcpListener) -> Result<Running, StartError> {
        let router = self.router();
        let party = self.party.clone();
        serve_party(&party, router, listener, move |party, shutdown| {
            vec![
                spawn_pusher(party.clone(), EmspOutbox(self.clone()), shutdown.clone()),
                spawn_puller(party.clone(), CpoInbox(self.clone()), shutdown.clone()),
                spawn_expiry(self, shutdown.clone()),
            ]
        })
        .await
    }

    /// The parties on this platform in this role.
    pub(crate) async fn own_parties(&self, role: &Role) -> Vec<PartyId> {
        let roles = self.party.own_roles().await;
        roles.iter().filter(|own| own.role == *role).map(ocpi_party::party_of).collect()
    }

    /// The registered partner that hosts a party, or the hub through which it can be reached.
    pub(crate) async fn peer_of(&self, party: &PartyId, role: &Role) -> Result<Option<Arc<Peer>>, DbError> {
        self.party.peers.way_to(party, role).await
    }
}
