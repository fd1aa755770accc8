using Grpc.Core;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Nanodet.Serverless.Functions.Tests.Batches;
using Nanodet.Serverless.Functions.Upkeep;

namespace Nanodet.Serverless.Functions.Tests.Upkeep;

/// <summary>A run that removes histories has an end, however much there is to remove and however the engine answers.</summary>
public sealed class PurgeHistoryTests
{
    private static readonly HistoryOptions Options = new() { MaxTime = TimeSpan.FromSeconds(150), MaxInstances = 1000 };

    private readonly FakeTimeProvider _time = new();
    private readonly List<TimeSpan?> _limits = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_LittleToRemove_EndsWhenTheEngineSaysSo()
    {
        await RunAsync(call => new PurgeResult(10, isComplete: call == 3));

        Assert.Equal(3, _limits.Count);
    }

    [Fact]
    public async Task Run_NothingComesOfIt_Ends()
    {
        await RunAsync(_ => new PurgeResult(0, isComplete: false));

        Assert.Single(_limits);
    }

    [Fact]
    public async Task Run_MoreThanItsTime_EndsAndAsksForNoLongerThanIsLeft()
    {
        await RunAsync(_ =>
        {
            _time.Advance(PurgeHistory.CallLimit);
            return new PurgeResult(1, isComplete: false);
        });

        Assert.Equal([PurgeHistory.CallLimit, PurgeHistory.CallLimit, TimeSpan.FromSeconds(30)], _limits);
    }

    [Fact]
    public async Task Run_MoreThanItsNumber_Ends()
    {
        await RunAsync(_ => new PurgeResult(400, isComplete: false));

        Assert.Equal(3, _limits.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_EngineThatKeepsNoLimit_IsLeft(bool asRpc)
    {
        var run = RunAsync(async (_, cancellationToken) =>
        {
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            }
            catch (OperationCanceledException) when (asRpc)
            {
                throw new RpcException(new Status(StatusCode.Cancelled, "cancelled"));
            }

            return new PurgeResult(0, isComplete: true);
        });
        Assert.False(run.IsCompleted);

        _time.Advance(Options.MaxTime);

        await run.WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System, Token);
    }

    [Fact]
    public async Task Run_HostThatStops_IsCancelled()
    {
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(
            (_, cancellationToken) => Task.FromCanceled<PurgeResult>(cancellationToken), stop.Token));
    }

    private Task RunAsync(Func<int, PurgeResult> answer) => RunAsync((_, _) => Task.FromResult(answer(_limits.Count)));

    private Task RunAsync(
        Func<PurgeInstancesFilter, CancellationToken, Task<PurgeResult>> answer, CancellationToken? cancellationToken = null)
    {
        var client = new FakeDurableClient(StatusCode.NotFound, () => null)
        {
            Purge = (filter, token) =>
            {
                _limits.Add(filter.Timeout);
                return answer(filter, token);
            },
        };
        var purge = new PurgeHistory(Microsoft.Extensions.Options.Options.Create(Options), _time, NullLogger<PurgeHistory>.Instance);
        return purge.RunAsync(new TimerInfo(), client, cancellationToken ?? Token);
    }
}
