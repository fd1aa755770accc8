using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Messaging.EventGrid;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Announcing;
using Nanodet.Serverless.Pipeline.JobEnds;
using Nanodet.Serverless.Pipeline.Jobs;

namespace Nanodet.Serverless.Pipeline.Tests.JobEnds;

public sealed class JobEndAnnouncerTests(AzuriteFixture fixture)
{
    private const string Secret = "a secret of enough characters";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Announce_Webhook_IsSignedAndSaysHowTheJobEnded()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        await using var receiver = new WebhookReceiver("204 No Content");
        var job = await EndAsync(app, new JobRequest());

        await AnnounceAsync(app, job, With(receiver));

        var (headers, body) = Assert.Single(receiver.Received);
        var message = JsonNode.Parse(body)!;
        Assert.Equal(
            ("1.0", "Nanodet.JobEnded", "/nanodet/devstoreaccount1", $"{app.Jobs.Name}/{job.JobId}/manifest.json"),
            ((string?)message["specversion"], (string?)message["type"], (string?)message["source"], (string?)message["subject"]));
        Assert.Equal("application/cloudevents+json; charset=utf-8", headers["content-type"]);
        Assert.Equal($"{job.JobId}-{job.CreatedUtc.ToUnixTimeMilliseconds()}", (string?)message["id"]);
        Assert.Equal((string?)message["id"], headers["webhook-id"]);
        Assert.Equal((job.JobId, "completed", 0), (
            (string?)message["data"]!["jobId"], (string?)message["data"]!["state"], (int?)message["data"]!["discovered"]));
        Assert.EndsWith($"/{job.JobId}/manifest.json", (string?)message["data"]!["manifestUrl"], StringComparison.Ordinal);

        // As a receiver verifies it.
        var signed = Encoding.UTF8.GetBytes($"{headers["webhook-id"]}.{headers["webhook-timestamp"]}.{Encoding.UTF8.GetString(body)}");
        var expected = Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), signed));
        Assert.Equal($"v1,{expected}", headers["webhook-signature"]);
        Assert.Empty(await LettersAsync(app));
    }

    [Fact]
    public async Task Announce_ReceiverThatIsAwayForAWhile_IsTriedAgainUnderTheSameId()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        await using var receiver = new WebhookReceiver("503 Busy", "429 Slower", "200 OK");
        var job = await EndAsync(app, new JobRequest());

        await AnnounceAsync(app, job, With(receiver));

        Assert.Equal(3, receiver.Received.Count);
        Assert.Single(receiver.Received.Select(message => message.Headers["webhook-id"]).Distinct());
        Assert.Empty(await LettersAsync(app));
    }

    [Theory]
    [InlineData("500 No", 3, "found 500")]
    [InlineData("400 No", 1, "found 400")]
    [InlineData("302 Found\r\nLocation: http://127.0.0.1/elsewhere", 1, "found 302")]
    public async Task Announce_NotTaken_IsKeptAsADeadLetterAndTheJobStays(string answer, int tries, string problem)
    {
        await using var app = await TestApp.CreateAsync(fixture);
        await using var receiver = new WebhookReceiver(answer);
        var job = await EndAsync(app, new JobRequest());

        await AnnounceAsync(app, job, With(receiver));

        Assert.Equal(tries, receiver.Received.Count);
        var name = Assert.Single(await LettersAsync(app));
        Assert.StartsWith($"dead-letters/job-ends/{job.JobId}-", name, StringComparison.Ordinal);
        var content = (await app.Staging.GetBlobClient(name).DownloadContentAsync(Token)).Value.Content;
        var letter = JsonNode.Parse(content.ToMemory().Span)!;
        Assert.Equal(("webhook", receiver.Address), ((string?)letter["channel"], (string?)letter["address"]));
        Assert.Contains(problem, (string?)letter["problem"], StringComparison.Ordinal);
        Assert.Equal(job.JobId, (string?)letter["message"]!["data"]!["jobId"]);
        Assert.DoesNotContain(Secret, content.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_WebhookOfAJob_NeedsAHostOfTheSettings()
    {
        await using var receiver = new WebhookReceiver("200 OK");
        await using var app = await TestApp.CreateAsync(
            fixture,
            new Dictionary<string, string?>
            {
                ["Nanodet:JobEnd:WebhookSecret"] = Secret,
                ["Nanodet:JobEnd:WebhookHosts:0"] = "hooks.example.com",
                ["Nanodet:JobEnd:WebhookHosts:1"] = receiver.Host,
            });

        foreach (var address in new[]
        {
            "https://other.example.com/", "http://hooks.example.com/", "https://hooks.example.com:8443/",
            "https://hooks.example.com@evil.example/",
            "https://user@hooks.example.com/", "file:///etc/passwd", "hooks.example.com",
        })
        {
            var refusal = await Assert.ThrowsAsync<PipelineException>(
                () => app.Get<JobStore>().CreateAsync(new JobRequest { Webhook = address }, null, Token));
            Assert.Equal(PipelineErrorCodes.InvalidRequest, refusal.Code);
            Assert.StartsWith("webhook: expected ", refusal.Message, StringComparison.Ordinal);
        }

        Assert.NotNull(await app.Get<JobStore>().CreateAsync(new JobRequest { Webhook = "https://hooks.example.com/a" }, null, Token));
        var job = await EndAsync(app, new JobRequest { Webhook = receiver.Address });

        // A host that is listed no longer is not called, either.
        await AnnounceAsync(app, job, new JobEndOptions { WebhookSecret = Secret });
        Assert.Empty(receiver.Received);
        Assert.Single(await LettersAsync(app));

        await app.Get<JobEndAnnouncer>().AnnounceAsync(job.JobId, Token);
        Assert.Single(receiver.Received);
    }

    [Theory]
    [InlineData(200, 0)]
    [InlineData(403, 1)]
    public async Task Announce_Topic_IsACloudEventOrADeadLetter(int status, int letters)
    {
        await using var app = await TestApp.CreateAsync(fixture);
        var job = await EndAsync(app, new JobRequest());
        var options = new JobEndOptions { TopicEndpoint = "https://topic.example.com/api/events" };
        using var topic = new Topic(status);
        using var http = new HttpClient(topic);
        var sender = new TopicSender(
            options, new Identity(), new EventGridPublisherClientOptions { Transport = new HttpClientTransport(http) });
        using var announcer = Announcer(app, options, sender);

        await announcer.AnnounceAsync(job.JobId, Token);

        var message = Assert.Single(topic.Bodies.Select(body => Assert.Single(JsonNode.Parse(body)!.AsArray())!));
        Assert.Equal("Nanodet.JobEnded", (string?)message["type"]);
        Assert.Equal($"{job.JobId}-{job.CreatedUtc.ToUnixTimeMilliseconds()}", (string?)message["id"]);
        Assert.Equal(job.JobId, (string?)message["data"]!["jobId"]);
        Assert.Equal(letters, (await LettersAsync(app)).Count);
    }

    [Fact]
    public async Task Announce_NobodyToTell_DoesNothing()
    {
        await using var app = await TestApp.CreateAsync(fixture);
        var job = await EndAsync(app, new JobRequest());

        await app.Get<JobEndAnnouncer>().AnnounceAsync(job.JobId, Token);

        Assert.Empty(await LettersAsync(app));
    }

    /// <summary>The example of the specification (standardwebhooks.com).</summary>
    [Fact]
    public void Sign_SpecifiedExample_GivesTheSpecifiedSignature()
    {
        Assert.True(WebhookSignature.TryReadKey("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", out var key));
        Assert.Equal(
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            WebhookSignature.Sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, "{\"test\": 2432232314}"u8));
    }

    [Theory]
    [InlineData("Webhook", "https://hooks.example.com/", null, "WebhookSecret")]
    [InlineData("Webhook", "http://hooks.example.com/", Secret, "https")]
    [InlineData("Webhook", "https://hooks.example.com/", "short", "at least 16")]
    [InlineData("Webhook", "https://hooks.example.com/", "whsec_this is no base64 at all", "base64")]
    [InlineData("TopicEndpoint", "http://topic.example.com/", null, "https")]
    [InlineData("WebhookHosts:0", "hooks.example.com/path", Secret, "a host such as")]
    public async Task Options_ThatCannotWork_StopTheStart(string setting, string value, string? secret, string expected)
    {
        await using var app = await TestApp.CreateAsync(
            fixture,
            new Dictionary<string, string?> { [$"Nanodet:JobEnd:{setting}"] = value, ["Nanodet:JobEnd:WebhookSecret"] = secret });

        var failure = Assert.Throws<OptionsValidationException>(() => app.Get<IOptions<JobEndOptions>>().Value);
        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(secret ?? "none", failure.Message, StringComparison.Ordinal);
    }

    private static JobEndOptions With(WebhookReceiver receiver) => new()
    {
        Webhook = receiver.Address,
        WebhookSecret = Secret,
        WebhookAttempts = 3,
        WebhookPause = TimeSpan.FromMilliseconds(1),
    };

    private static JobEndAnnouncer Announcer(TestApp app, JobEndOptions options, TopicSender topic) => new(
        app.Clients,
        app.Get<JobStore>(),
        Options.Create(options),
        TimeProvider.System,
        NullLogger<JobEndAnnouncer>.Instance,
        topic);

    private static async Task AnnounceAsync(TestApp app, JobDefinition job, JobEndOptions options)
    {
        using var announcer = Announcer(app, options, new TopicSender(Options.Create(options)));
        await announcer.AnnounceAsync(job.JobId, Token);
    }

    private static async Task<JobDefinition> EndAsync(TestApp app, JobRequest request)
    {
        var job = await app.Get<JobStore>().CreateAsync(request, null, Token);
        var page = await app.Get<JobPager>().ListAsync(new JobPageRequest(job, 0, null), Token);
        var progress = new JobProgress { StartedUtc = job.CreatedUtc }.Add(page);
        await app.Get<ManifestWriter>().WriteAsync(new JobEnd(job, progress, JobState.Completed, job.CreatedUtc.AddSeconds(1)), Token);
        return job;
    }

    private static async Task<IReadOnlyList<string>> LettersAsync(TestApp app) =>
        [.. (await TestApp.ListBlobsAsync(app.Staging)).Keys.Where(name => name.StartsWith("dead-letters/", StringComparison.Ordinal))];

    private sealed class Identity : TokenCredential
    {
        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            new("token", DateTimeOffset.MaxValue);

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            new(GetToken(requestContext, cancellationToken));
    }

    /// <summary>An Event Grid topic that answers with one status.</summary>
    private sealed class Topic(int status) : HttpMessageHandler
    {
        public List<string> Bodies { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Bodies.Add(await request.Content!.ReadAsStringAsync(cancellationToken));
            return new HttpResponseMessage((System.Net.HttpStatusCode)status) { Content = new StringContent("{}") };
        }
    }
}
