using System.Net;
using System.Text;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Cli.Cloud;
using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Tests.Cloud;

/// <summary>Results over an app's address: the whole of a job that has ended, or an error.</summary>
public sealed class AppResultsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task OfJob_UnderWay_IsRefusedAndNothingIsRead()
    {
        using var app = new FakeApp("running", []);

        var failure = await Assert.ThrowsAsync<CliException>(async () => await ReadAsync(app));

        Assert.Equal("job_not_found", failure.Code);
        Assert.Contains("has ended", failure.Message, StringComparison.Ordinal);
        Assert.Equal(["/api/jobs/one"], app.Asked);
    }

    [Fact]
    public async Task OfJob_Ended_GivesEveryPageAsItStands()
    {
        var lines = Enumerable.Range(0, 3).Select(Line).ToArray();
        using var app = new FakeApp("completed", [lines[..2], [], lines[2..]]);

        Assert.Equal(lines, await ReadAsync(app));

        Assert.Equal(
            ["/api/jobs/one", "/api/results?job=one&limit=1000", "/api/results?job=one&limit=1000&continuation=1%2B", "/api/results?job=one&limit=1000&continuation=2%2B"],
            app.Asked);
        Assert.True(app.IsClosed);
    }

    private static async Task<List<string>> ReadAsync(FakeApp app)
    {
        var client = new AppClient(new Uri("http://127.0.0.1/"), key: null, app, TimeProvider.System);
        return await new AppResults(client).OfJobAsync("one", Token).Select(result => result.Line).ToListAsync(Token);
    }

    private static string Line(int index) => Encoding.UTF8.GetString(DetectionResult.CreateFailure(
        new DetectionError("image_empty", "Größe 0"),
        new ImageReference("images", $"{index} ä.png", "0x1", 0),
        DateTime.UnixEpoch).ToUtf8Json());

    private sealed class FakeApp(string state, string[][] pages) : HttpMessageHandler
    {
        public List<string> Asked { get; } = [];

        public bool IsClosed { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked.Add(request.RequestUri!.PathAndQuery);
            var page = Asked.Count - 2;
            var body = page < 0
                ? $$"""{ "jobId": "one", "state": "{{state}}", "startedUtc": "2026-01-31T12:00:00Z" }"""
                : $$"""{ "items": [{{string.Join(',', pages[page])}}], "continuation": {{(page + 1 < pages.Length ? $"\"{page + 1}+\"" : "null")}}, "total": 3 }""";
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(body, Encoding.UTF8, "application/json") });
        }

        protected override void Dispose(bool disposing)
        {
            IsClosed = true;
            base.Dispose(disposing);
        }
    }
}
