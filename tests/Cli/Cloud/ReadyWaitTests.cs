using Microsoft.Extensions.Time.Testing;
using Nanodet.Detection.Description;
using Nanodet.Serverless.Cli.Cloud;
using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Tests.Cloud;

public sealed class ReadyWaitTests
{
    private static readonly AppHealth Ready = new(Ready: true, Code: null, Reason: null, FailedTries: 0);

    private readonly FakeTimeProvider _clock = new();
    private readonly List<string> _reasons = [];
    private readonly TaskCompletionSource _ended = new();

    [Fact]
    public async Task UntilReady_TransientReasons_SaysEachOnceAndWaits()
    {
        var state = new AppHealth(Ready: false, ModelErrorCodes.StorageUnavailable, "storage is away", FailedTries: 9);
        await RunAsync([.. Enumerable.Repeat(state, 500), state with { Reason = "still away" }, Ready]);
        Assert.Equal(["storage is away", "still away"], _reasons);
    }

    [Fact]
    public async Task UntilReady_FirstTryFails_WaitsForTheSecond()
    {
        await RunAsync([new AppHealth(Ready: false, ModelErrorCodes.ParityFailed, "differs", FailedTries: 1), Ready]);
        Assert.Equal(["differs"], _reasons);
    }

    [Theory]
    [InlineData(ModelErrorCodes.ParityFailed)]
    [InlineData("a_code_that_this_build_does_not_know")]
    public async Task UntilReady_SecondTryFails_EndsWithCodeAndReason(string code)
    {
        var failure = await Assert.ThrowsAsync<CliException>(() => RunAsync([new AppHealth(Ready: false, code, "differs", ReadyWait.Tries)]));
        Assert.Equal(code, failure.Code);
        Assert.EndsWith(": differs", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UntilReady_ReasonThatStaysWithoutTries_Ends()
    {
        var began = _clock.GetUtcNow();
        var state = new AppHealth(Ready: false, "library_missing", "libx is missing", FailedTries: 0);
        var failure = await Assert.ThrowsAsync<CliException>(() => RunAsync(Enumerable.Repeat(state, 1000)));
        Assert.Equal("library_missing", failure.Code);
        Assert.True(_clock.GetUtcNow() - began >= ReadyWait.Patience);
    }

    [Fact]
    public async Task UntilReady_AppEnds_GivesItsException()
    {
        _ended.SetException(new InvalidOperationException("lost"));
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(
            () => RunAsync(Enumerable.Repeat(new AppHealth(Ready: false, Code: null, Reason: null, FailedTries: 0), 3)));
        Assert.Equal("lost", failure.Message);
        Assert.Empty(_reasons);
    }

    /// <summary>Each answer is asked for when the clock has moved on.</summary>
    private async Task RunAsync(IEnumerable<AppHealth> answers)
    {
        using var next = answers.GetEnumerator();
        var waiting = new ReadyWait(
            _ =>
            {
                Assert.True(next.MoveNext(), "the wait asked for more answers than there are");
                return Task.FromResult(next.Current);
            },
            _clock).UntilReadyAsync(_reasons.Add, _ended.Task, TestContext.Current.CancellationToken);
        while (!waiting.IsCompleted)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(200));
            await Task.Yield();
        }

        await waiting;
    }
}
