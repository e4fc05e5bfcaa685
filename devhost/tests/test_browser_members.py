"""Each member of ``AP`` in Atlassian's type definitions works or refuses clearly."""

import pytest
from playwright.sync_api import Error, Frame, Page, expect

from devhost.pages.ap_members import Member, ap_members
from tests.bridge_app import BRIDGE_KEY
from tests.browser import OpenFrames, app_frames

pytestmark = pytest.mark.browser
MAIN = f"/plugins/servlet/ac/{BRIDGE_KEY}/main"
PAGE = "/spaces/DS/pages/98421"
# What each working member returns; each is true if it did its job.
ON_A_FULL_PAGE = {
    "defineGlobal": "AP.defineGlobal({}) === undefined",
    "defineModule": "AP.defineModule('own', {do() {}}) === undefined",
    "getLocation": "new Promise(done => AP.getLocation(done))"
    ".then(url => url.endsWith('/main'))",
    "request": "AP.request('/rest/api/user/current').then(a => a.xhr.status === 200)",
    "sizeToParent": "AP.sizeToParent(true) === undefined",
    "hideFooter": "AP.hideFooter(true) === undefined",
    "context.getToken": "AP.context.getToken().then(t => t.split('.').length === 3)",
    "context.getContext": "AP.context.getContext().then(c => 'confluence' in c)",
    "cookie.save": "AP.cookie.save('a', 'b', 1) === undefined",
    "cookie.read": "new Promise(done => AP.cookie.read('a', done))"
    ".then(value => value === 'b')",
    "cookie.erase": "AP.cookie.erase('a') === undefined",
    "events.on": "heard('on', 'emit')",
    "events.once": "heard('once', 'emit')",
    "events.onPublic": "heard('onPublic', 'emitPublic')",
    "events.oncePublic": "heard('oncePublic', 'emitPublic')",
    "events.onAny": "heard('onAny', 'emit')",
    "events.emit": "heard('on', 'emit')",
    "events.emitPublic": "heard('onPublic', 'emitPublic')",
    "events.off": "silent('on', 'off', 'emit')",
    "events.offAll": "silent('on', 'offAll', 'emit')",
    "events.offAny": "silent('onAny', 'offAny', 'emit')",
    "events.offPublic": "silent('onPublic', 'offPublic', 'emitPublic')",
    "events.offAllPublic": "silent('onPublic', 'offAllPublic', 'emitPublic')",
    "flag.create": "typeof AP.flag.create({title: 't'}).close === 'function'",
    "history.pushState": "AP.history.pushState('one') === undefined",
    "history.replaceState": "AP.history.replaceState('two') === undefined",
    "history.getState": "new Promise(done => AP.history.getState('all', done))"
    ".then(all => all.hash === 'two' && AP.history.getState() === 'two')",
    "history.popState": "popped(thereAndBack)",
    "history.back": "popped(thereAndBack)",
    "history.forward": "popped(() => AP.history.forward())",
    "history.go": "popped(() => AP.history.go(-1))",
    "host.getSelectedText": "new Promise(done => AP.host.getSelectedText(done))"
    ".then(text => text === '')",
    "inlineDialog.hide": "AP.inlineDialog.hide() === undefined",
    "navigator.getLocation": "new Promise(done => AP.navigator.getLocation(done))"
    ".then(location => location.target === 'addonmodule')",
    "scrollPosition.getPosition": "new Promise(done =>"
    " AP.scrollPosition.getPosition(done)).then(p => p.height > 0)",
    "scrollPosition.setVerticalPosition": "new Promise(done =>"
    " AP.scrollPosition.setVerticalPosition(0, done)).then(p => p.scrollY <= 0)",
    "theming.initializeTheming": "AP.theming.initializeTheming() === undefined",
    "user.getCurrentUser": "new Promise(done => AP.user.getCurrentUser(done))"
    ".then(user => Boolean(user.atlassianAccountId))",
    "user.getTimeZone": "new Promise(done => AP.user.getTimeZone(done)).then(Boolean)",
    "user.getLocale": "new Promise(done => AP.user.getLocale(done)).then(Boolean)",
    "dialog.create": "typeof AP.dialog.create({key: 'box'}).on === 'function'",
}
IN_A_DIALOG = {
    "dialog.getCustomData": "new Promise(done => AP.dialog.getCustomData(done))"
    ".then(data => data === undefined)",
    "dialog.getButton": "new Promise(done => AP.dialog.getButton('cancel')"
    ".isEnabled(done))",
    "dialog.createButton": "new Promise(done => AP.dialog.createButton("
    "{text: 'More', identifier: 'more'}).isEnabled(done))",
    "dialog.disableCloseOnSubmit": "AP.dialog.disableCloseOnSubmit() === undefined",
    "dialog.isCloseOnEscape": "new Promise(done => AP.dialog.isCloseOnEscape(done))",
    "dialog.close": "AP.dialog.close() === undefined",
}
IN_A_MACRO = {
    "resize": "AP.resize('100%', '300px') === undefined",
    "confluence.getMacroData": "new Promise(done => AP.confluence.getMacroData(done))"
    ".then(data => data.color === 'blue')",
    "confluence.getMacroBody": "new Promise(done => AP.confluence.getMacroBody(done))"
    ".then(body => body === '')",
}
# They leave the page, or need something else on it: tested by name elsewhere.
TESTED_ELSEWHERE = {
    "navigator.go",
    "navigator.reload",
    "confluence.saveMacro",
    "confluence.closeMacroEditor",
    "confluence.getContentProperty",
    "confluence.setContentProperty",
    "confluence.syncPropertyFromServer",
}
HELPERS = """() => {
    window.within = answer => Promise.race([answer, new Promise((_, fail) =>
        setTimeout(() => fail(new Error("no answer")), 5000))]);
    window.heard = (listen, emit) => new Promise(done => {
        const name = `event-${Math.random()}`;
        const listener = () => done(true);
        if (listen.startsWith('onAny')) AP.events[listen](listener);
        else AP.events[listen](name, listener);
        AP.events[emit](name, ['data']);
    });
    window.silent = async (listen, off, emit) => {
        const name = `event-${Math.random()}`;
        let calls = 0;
        const listener = () => { calls += 1; };
        const named = !listen.startsWith('onAny');
        const about = named ? [name, listener] : [listener];
        AP.events[listen](...about);
        AP.events[off](...(off.includes('All') ? [name] : about));
        await heard(listen, emit);
        AP.events[emit](name, ['data']);
        await heard(listen, emit);
        return calls === 0;
    };
    window.thereAndBack = () => { AP.history.pushState('x'); AP.history.back(); };
    window.popped = leave => new Promise(done => {
        AP.history.popState(event => done('newURL' in event && 'state' in event));
        leave();
    });
}"""


def failures(frame: Frame, probes: dict[str, str]) -> dict[str, str]:
    """Return the members that did not do their job, with the reason."""
    frame.evaluate(HELPERS)
    failed = {}
    for member, probe in probes.items():
        try:
            if frame.evaluate(f"within({probe})") is not True:
                failed[member] = f"not true: {probe}"
        except Error as error:
            failed[member] = str(error)
    return failed


def members(local: str) -> list[Member]:
    return [member for member in ap_members() if member.local == local]


def test_every_working_member_is_called_in_a_test() -> None:
    called = {*ON_A_FULL_PAGE, *IN_A_DIALOG, *IN_A_MACRO, *TESTED_ELSEWHERE}
    assert called == {member.name for member in members("works")}


def test_the_members_work_on_full_pages_and_in_dialogs(
    open_bridge: OpenFrames, browser_page: Page
) -> None:
    [frame] = open_bridge(MAIN, 1)
    assert failures(frame, ON_A_FULL_PAGE) == {}
    dialog = app_frames(browser_page, 2)[1]
    assert failures(dialog, IN_A_DIALOG) == {}
    expect(browser_page.locator("dialog")).to_have_count(0)


def test_the_members_work_in_macros(
    open_bridge: OpenFrames, browser_page: Page
) -> None:
    assert failures(open_bridge(PAGE, 2)[0], IN_A_MACRO) == {}


def test_the_other_members_refuse_with_their_reason(
    open_bridge: OpenFrames, browser_page: Page
) -> None:
    [frame] = open_bridge(MAIN, 1)
    call = "() => {{ try {{ AP.{}(); }} catch (error) {{ return error.message; }} }}"
    for member in members("refuses"):
        expected = f"AP.{member.name} is not in the local host: {member.note}"
        assert frame.evaluate(call.format(member.name)) == expected


def test_jira_is_absent_as_in_confluence(
    open_bridge: OpenFrames, browser_page: Page
) -> None:
    [frame] = open_bridge(MAIN, 1)
    assert {member.name.partition(".")[0] for member in members("absent")} == {"jira"}
    assert frame.evaluate("AP.jira === undefined")
