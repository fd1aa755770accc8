using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;
using Xunit.Sdk;

namespace Nanodet.Serverless.Functions.Tests.Orchestration;

/// <summary>The tests of orchestrators stand on this: that a run finds what an engine would not forgive.</summary>
public sealed class OrchestrationRunTests
{
    private static int s_calls;

    [Fact]
    public void Replay_SameDecisions_Passes()
    {
        var run = OrchestrationRun.Of(TwoStepsAsync).Start("a");

        run.Complete("First", "b").Complete("Second", "c").AssertReplays();

        Assert.Equal("c", run.Result<string>());
        Assert.Equal(["\"a\"", "\"b\""], run.Decisions.Select(decision => decision.Json));
    }

    [Fact]
    public void Replay_NewIdEachTime_Fails()
    {
        var run = OrchestrationRun.Of(async context => await CallAsync(context, "First", Guid.NewGuid())).Start("a");

        Assert.ThrowsAny<XunitException>(() => run.Complete("First", "b").AssertReplays());
    }

    [Fact]
    public void Replay_StateOutsideOfTheHistory_Fails()
    {
        var run = OrchestrationRun.Of(
            async context => await CallAsync(context, $"Call{Interlocked.Increment(ref s_calls)}")).Start("a");

        Assert.ThrowsAny<Exception>(() => run.AssertReplays());
    }

    [Fact]
    public void Replay_DecidesByIsReplaying_Fails()
    {
        var run = OrchestrationRun.Of(async context =>
        {
            if (!context.IsReplaying)
            {
                await context.CreateTimer(TimeSpan.FromSeconds(1), CancellationToken.None);
            }

            return await CallAsync(context, "First");
        }).Start("a").FireTimer();

        Assert.ThrowsAny<Exception>(() => run.Complete("First", "b").AssertReplays());
    }

    [Fact]
    public void Replay_ReplaySafeLog_HasEachLineOnce()
    {
        var run = OrchestrationRun.Of(async context =>
        {
            LogLine(context);
            return await CallAsync(context, "First");
        }).Start("a").Complete("First", "b");

        Assert.Equal(["Information: line"], run.AssertReplays().Logged);
    }

    [Fact]
    public void Start_WaitsForSomethingElse_Throws()
    {
        var never = new TaskCompletionSource<string>();

        Assert.Throws<InvalidOperationException>(() => OrchestrationRun.Of(_ => never.Task).Start("a"));
    }

    [Fact]
    public void Start_GivesItsThreadAway_Throws() =>
        Assert.Throws<InvalidOperationException>(() => OrchestrationRun.Of(async context =>
        {
            var wait = context.WaitForExternalEvent<string>("Never");
            await Task.Yield();
            return await wait;
        }).Start("a"));

    [Fact]
    public void Raise_TwoWaitForIt_TheLatestGetsItAndTheRestIsKept()
    {
        var run = OrchestrationRun.Of(async context =>
        {
            var first = context.WaitForExternalEvent<string>("Go");
            var second = context.WaitForExternalEvent<string>("Go");
            var got = $"{await second} {await first}";
            await CallAsync(context, "First");
            return $"{got} {await context.WaitForExternalEvent<string>("Go")}";
        }).Start("a");

        run.Raise("go", "1").Raise("Go", "2").Raise("Go", "3").Complete("First").AssertReplays();

        Assert.Equal("1 2 3", run.Result<string>());
    }

    [Fact]
    public void ContinueAsNew_EventThatNobodyTook_IsTheNextGenerations()
    {
        var run = OrchestrationRun.Of(async context =>
        {
            if (context.GetInput<int>() == 0)
            {
                await CallAsync(context, "First");
                context.ContinueAsNew(1);
                return string.Empty;
            }

            return await context.WaitForExternalEvent<string>("Go");
        }).Start(0);

        run.Raise("Go", "kept").Complete("First").AssertReplays();

        Assert.Equal("kept", run.Result<string>());
        Assert.Equal([0, 1], run.Inputs<int>());
    }

    private static void LogLine(TaskOrchestrationContext context) => context.CreateReplaySafeLogger("test").Log(
        LogLevel.Information, default, "line", null, (line, _) => line);

    /// <summary>These activities are no functions of the app.</summary>
    private static Task<string> CallAsync(TaskOrchestrationContext context, string name, object? input = null) =>
        context.CallActivityAsync<string>(name, input);

    private static async Task<string> TwoStepsAsync(TaskOrchestrationContext context)
    {
        var first = await CallAsync(context, "First", context.GetInput<string>());
        return await CallAsync(context, "Second", first);
    }
}
