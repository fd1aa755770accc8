using System.Net;
using System.Text.Json;
using Nanodet.Serverless.Cli.Cloud;
using Nanodet.Serverless.Cli.Output;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Cli.Tests.Cloud;

public sealed class AppClientTests
{
    private readonly PauselessClock _clock = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_AnswersThatGetLost_SendTheSameIdAgain()
    {
        using var app = new FakeApp(_clock, failures: 2);
        using var client = Client(app);

        var job = await client.StartAsync(new JobRequest { Prefix = "a/" }, Token);

        Assert.Equal(3, app.Ids.Count);
        Assert.Equal(job.JobId, Assert.Single(app.Ids.Distinct()));
        Assert.True(JobStore.IsJobId(job.JobId));
        Assert.StartsWith("20260131-120000-", job.JobId, StringComparison.Ordinal);
    }

    /// <summary>A call that takes too long looks like a cancellation, and nobody has cancelled anything.</summary>
    [Fact]
    public async Task Start_AnswersThatTakeTooLong_SendTheSameIdAgain()
    {
        using var app = new FakeApp(_clock, failures: 1) { Lost = new TaskCanceledException("100 seconds are over.", new TimeoutException()) };
        using var client = Client(app);

        await client.StartAsync(new JobRequest { Prefix = "a/" }, Token);

        Assert.Equal(2, app.Ids.Count);
        Assert.Single(app.Ids.Distinct());
    }

    [Fact]
    public async Task Start_TwoCalls_AreTwoJobs()
    {
        using var app = new FakeApp(_clock, failures: 0);
        using var client = Client(app);
        var request = new JobRequest { Prefix = "a/" };

        await client.StartAsync(request, Token);
        await client.StartAsync(request, Token);
        await client.StartAsync(request with { Id = "mine" }, Token);

        Assert.Equal(3, app.Ids.Distinct().Count());
        Assert.Equal("mine", app.Ids[^1]);
    }

    [Fact]
    public async Task Start_NobodyAnswers_EndsAfterThreeTries()
    {
        using var app = new FakeApp(_clock, failures: int.MaxValue);
        using var client = Client(app);

        var failure = await Assert.ThrowsAsync<CliException>(() => client.StartAsync(new JobRequest { All = true }, Token));

        Assert.Equal((3, true), (app.Ids.Count, failure.Code is "app_unreachable" or "app_unavailable"));
    }

    [Fact]
    public async Task Start_Refusal_IsNotRepeated()
    {
        using var app = new FakeApp(_clock, failures: 0, HttpStatusCode.BadRequest);
        using var client = Client(app);

        var failure = await Assert.ThrowsAsync<CliException>(() => client.StartAsync(new JobRequest(), Token));

        Assert.Equal(("request_invalid", 1), (failure.Code, app.Ids.Count));
    }

    private AppClient Client(FakeApp app) => new(new Uri("http://app.test/"), key: null, app, _clock);

    /// <summary>Takes every request, and loses its first answers: half of them on the way, half of them in front of the app.</summary>
    private sealed class FakeApp(TimeProvider clock, int failures, HttpStatusCode status = HttpStatusCode.Accepted) : HttpMessageHandler
    {
        public List<string> Ids { get; } = [];

        public Exception Lost { get; init; } = new HttpRequestException("The answer got lost.");

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            using var body = JsonDocument.Parse(await request.Content!.ReadAsStringAsync(cancellationToken));
            var id = body.RootElement.GetProperty("id").GetString()!;
            Ids.Add(id);
            if (Ids.Count <= failures)
            {
                return Ids.Count % 2 == 0
                    ? new HttpResponseMessage(HttpStatusCode.GatewayTimeout)
                    : throw Lost;
            }

            var answer = status == HttpStatusCode.Accepted
                ? JsonSerializer.Serialize(
                    new JobStatus { JobId = id, State = JobState.Running, StartedUtc = clock.GetUtcNow() }, JobJson.Default.JobStatus)
                : """{ "code": "request_invalid", "detail": "no" }""";
            return new HttpResponseMessage(status) { Content = new StringContent(answer) };
        }
    }

    /// <summary>A clock that stands still and whose pauses are over at once.</summary>
    private sealed class PauselessClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
