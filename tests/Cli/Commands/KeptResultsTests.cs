using Nanodet.Detection.Detectors;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Cli.Commands;

namespace Nanodet.Serverless.Cli.Tests.Commands;

public sealed class KeptResultsTests : IDisposable
{
    private const string Name = "sub/a.jpg";
    private static readonly ResultModel Model = new("m", "1", new string('0', 64), 416, 416) { Precision = "fp32" };
    private static readonly ResultOptions Options = new(0.35f, 0.6f, 100);
    private readonly TemporaryFolder _folder = new();
    private readonly DetectionResult _result = new()
    {
        Status = DetectionStatus.Detected,
        Image = new ResultImage(null, Name, null, 3, 10, 10),
        Model = Model,
        Options = Options,
        Detections = [],
        Provider = "CPU",
        CreatedUtc = new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc),
    };

    public KeptResultsTests()
    {
        Directory.CreateDirectory(_folder.File("in/sub"));
        Directory.CreateDirectory(_folder.File("out/sub"));
        File.WriteAllText(Image, "abc");
        File.SetLastWriteTimeUtc(Image, new DateTime(2029, 12, 31, 0, 0, 0, DateTimeKind.Utc));
    }

    private string Image => _folder.File($"in/{Name}");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Find_SameModelOptionsAndImage_IsKept()
    {
        var kept = await FindAsync(_result);

        Assert.Equal(Name, kept!.Result.Image.Name);
        Assert.Equal(_folder.File($"out/{Name}.json"), kept.ResultFile);
    }

    [Fact]
    public async Task Find_WhatIsOfAnotherRun_IsDetectedAgain()
    {
        Assert.Null(await FindAsync(null));
        Assert.Null(await FindAsync(_result with { Model = Model with { Sha256 = new string('1', 64) } }));
        Assert.Null(await FindAsync(_result with { Options = Options with { ScoreThreshold = 0.3f } }));
        Assert.Null(await FindAsync(_result with { Image = _result.Image with { Bytes = 4 } }));
        Assert.Null(await FindAsync(_result, annotate: true));
        await File.WriteAllTextAsync(_folder.File($"out/{Name}.json"), "{}", TestContext.Current.CancellationToken);
        Assert.Null(await FindAsync(null));

        File.SetLastWriteTimeUtc(Image, new DateTime(2030, 1, 2, 0, 0, 0, DateTimeKind.Utc));
        Assert.Null(await FindAsync(_result));
    }

    [Fact]
    public async Task Find_Failure_IsKeptWhereItIsOfTheContent()
    {
        Assert.NotNull(await FindAsync(Failed("image_truncated")));
        Assert.Null(await FindAsync(Failed("inference_failed")));
        Assert.Null(await FindAsync(Failed("file_unreadable") with { Model = null, Options = null }));
    }

    private DetectionResult Failed(string code) =>
        _result with { Status = DetectionStatus.Failed, Detections = null, Error = new DetectionError(code, "why") };

    private async Task<DetectedImage?> FindAsync(DetectionResult? result, bool annotate = false)
    {
        if (result is not null)
        {
            await File.WriteAllBytesAsync(_folder.File($"out/{Name}.json"), result.ToUtf8Json(), TestContext.Current.CancellationToken);
        }

        var files = new ImageFiles(_folder.File("in"), [Name], 0);
        return await new KeptResults(new DirectoryInfo(_folder.File("out")), files, Model, Options, annotate)
            .FindAsync(Name, TestContext.Current.CancellationToken);
    }
}
