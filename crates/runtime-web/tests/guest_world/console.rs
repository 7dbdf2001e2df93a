//! What the host's log has of what a guest prints.

use runtime_web::Task;

use crate::Guest;

/// What is logged by a task handler of this body.
async fn logged(body: &str) -> String {
    let mut guest = Guest::new(&format!("export default {{ async task() {{ {body} }} }}")).await;
    guest.exec(Task::default()).await.expect("the task is done");
    guest.host.logged()
}

#[tokio::test]
async fn format_specifiers_take_their_arguments_in_turn() {
    let cases = [
        ("'%s is %d years and %i, %f', 'Bob', '42.9', 7.8, '1.5x'", "Bob is 42 years and 7, 1.5"),
        ("'%c%s', 'color: red', 'styled'", "styled"),
        ("'%o %O', { a: [1] }, 'text'", "{ a: [ 1 ] } 'text'"),
        ("'100%', 1", "100% 1"),
        ("'%% %s', 1", "% 1"),
        ("'%s'", "%s"),
        ("'%s %s', 1", "1 %s"),
        ("'%x %d', 1", "%x 1"),
        ("'%d %i %f %s', Symbol('a'), Symbol('b'), Symbol('c'), Symbol('d')", "NaN NaN NaN Symbol(d)"),
        ("'%d %i', 12n, 13n", "12n 13n"),
        ("'%s', 1, 'more', { a: 1 }", "1 more { a: 1 }"),
        ("{}, '%s', 1", "{} %s 1"),
    ];
    for (arguments, expected) in cases {
        assert_eq!(logged(&format!("console.log({arguments})")).await, expected, "{arguments}");
    }
}

#[tokio::test]
async fn groups_indent_what_is_in_them() {
    let body =
        "console.group('a'); console.log('b\\nc'); console.groupCollapsed('%s', 'd'); console.info('e');
        console.groupEnd(); console.log('f'); console.groupEnd(); console.groupEnd(); console.log('g')";
    assert_eq!(logged(body).await, "a\n  b\n  c\n  d\n    e\n  f\ng");
}

#[tokio::test]
async fn counters_timers_and_assertions_say_what_they_are_about() {
    let body = "console.count(); console.count('x'); console.count(); console.countReset(); console.count();
        console.countReset('none'); console.timeEnd('none'); console.time('t'); console.time('t');
        console.assert(true, 'no'); console.assert(); console.assert(false, 'that %s', 1); console.assert(false, {})";
    let expected = [
        "default: 1",
        "x: 1",
        "default: 2",
        "default: 1",
        "Count for 'none' does not exist",
        "Timer 'none' does not exist",
        "Timer 't' already exists",
        "Assertion failed",
        "Assertion failed: that 1",
        "Assertion failed {}",
    ];
    assert_eq!(logged(body).await, expected.join("\n"));
    let timed = logged("console.time(); console.timeLog('default', { a: 1 }); console.timeEnd()").await;
    let lines: Vec<&str> = timed.lines().collect();
    assert!(lines[0].starts_with("default: ") && lines[0].ends_with("ms { a: 1 }"), "{timed}");
    assert!(lines[1].starts_with("default: ") && lines[1].ends_with("ms"), "{timed}");
}

#[tokio::test]
async fn tables_have_a_row_an_item_and_a_column_a_key() {
    let table = logged("console.table([{ a: 1, b: 'x' }, { a: 2, c: true }])").await;
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 6, "{table}");
    assert_eq!(lines[1].split_whitespace().collect::<String>(), "│(index)│a│b│c│");
    assert_eq!(lines[3].split_whitespace().collect::<String>(), "│0│1│'x'││");
    let some = logged("console.table([{ a: 1, b: 2 }], ['b'])").await;
    assert!(some.contains("│ b") && !some.contains("│ a"), "{some}");
    assert_eq!(logged("console.table('text')").await, "text");
}

#[tokio::test]
async fn a_trace_has_the_frames_of_its_caller() {
    let trace = logged("const inner = () => console.trace('here %d', 1); inner()").await;
    assert!(trace.starts_with("Trace: here 1\n    at inner (worker.js"), "{trace}");
}
