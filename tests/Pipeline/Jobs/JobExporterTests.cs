using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Pipeline.Tests.Jobs;

public sealed class JobExporterTests(AzuriteFixture fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Write_AJobsParts_LieBesideTheManifestAndAreTheSameAgain()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        for (var i = 0; i < 6; i++)
        {
            await app.UploadAsync($"{i}.png", i == 4 ? "no image"u8.ToArray() : null);
        }

        var job = await JobPagerTests.CreateAsync(
            app, new JobRequest { PageSize = 3, BatchSize = 3, Outputs = new TextList(["csv", "coco", "coco-dataset", "yolo", "parquet", "csv"]) });
        Assert.Equal(["csv", "coco", "coco-dataset", "yolo", "parquet"], job.Outputs!.Value.Items);
        var progress = new JobProgress { StartedUtc = job.CreatedUtc };
        foreach (var page in await JobPagerTests.ListAllAsync(app, job))
        {
            progress = progress.Add(page).Add(await app.RunAsync(Assert.Single(page.Split(job))));
        }

        // As if this were the third file of a large job.
        var part = Assert.Single(JobExport.Split(job, progress.Pages)) with { Part = 2 };
        var outputs = await app.Get<JobExporter>().WriteAsync(part, Token);
        var manifest = await app.Get<ManifestWriter>().WriteAsync(
            new JobEnd(job, progress, JobState.Completed, progress.StartedUtc, Outputs: JobOutput.Sum(outputs)), Token);

        Assert.Equal(JobState.Completed, manifest.State);
        var stored = (await app.Get<JobStore>().FindManifestAsync(job.JobId, Token))!.Outputs!;
        Assert.Equal(
            [("csv", 6L, 0L), ("coco", 5, 1), ("coco-dataset", 5, 1), ("yolo", 5, 1), ("parquet", 6, 0)],
            stored.Select(output => (output.Format, output.Images, output.LeftOut)));
        var folder = $"{job.JobId}/exports/";
        Assert.Equal(
            [
                "coco-0002.dataset.json", "coco-0002.json", "instances-0002.json", "results-0002.csv", "results-0002.parquet", "yolo-0002.zip",
            ],
            (await TestApp.ListBlobsAsync(app.Jobs)).Keys.Where(name => name.StartsWith(folder, StringComparison.Ordinal))
                .Select(name => name[folder.Length..]));
        Assert.Equal(
            Enumerable.Range(100_001, 5),
            JsonDocument.Parse(await ReadAsync("coco-0002.dataset.json")).RootElement.GetProperty("images").EnumerateArray()
                .Select(image => image.GetProperty("id").GetInt32()));
        var csv = Encoding.UTF8.GetString(await ReadAsync("results-0002.csv"));
        Assert.Contains(",4.png,failed,,,", csv, StringComparison.Ordinal);
        using var archive = new ZipArchive(new MemoryStream(await ReadAsync("yolo-0002.zip")));
        Assert.Equal(5 + 2, archive.Entries.Count);

        var before = await ReadAsync("yolo-0002.zip");
        await app.Get<JobExporter>().WriteAsync(part, Token);
        Assert.Equal(before, await ReadAsync("yolo-0002.zip"));
        Assert.Equal(csv, Encoding.UTF8.GetString(await ReadAsync("results-0002.csv")));

        async Task<byte[]> ReadAsync(string name) =>
            (await app.Jobs.GetBlobClient(folder + name).DownloadContentAsync(Token)).Value.Content.ToArray();
    }

    [Theory]
    [InlineData(1, 1000, "results.ndjson")]
    [InlineData(51, 1000, "results.ndjson,results-0001.ndjson")]
    [InlineData(21, 5000, "results.ndjson,results-0001.ndjson,results-0002.ndjson")]
    public void Split_PartsOfAJob_HaveNoMoreThanFiftyThousandImages(int pages, int pageSize, string files)
    {
        var job = new JobDefinition
        {
            JobId = "j",
            Container = "images",
            Prefix = "",
            ErrorThreshold = ErrorThreshold.Never,
            PageSize = pageSize,
            PagesInFlight = 1,
            BatchSize = 1,
            CreatedUtc = default,
        };

        Assert.Empty(JobExport.Split(job, pages));
        var parts = JobExport.Split(job with { Outputs = new TextList(["csv"]) }, pages);

        Assert.Equal(files.Split(',').Select(file => $"j/{file}"), parts.Select(part => part.Results));
        Assert.InRange(pages * pageSize / parts.Count, 0, 50_000);
    }
}
