using Nanodet.Detection.Detectors;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Natives;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Cli.Commands;
using Nanodet.Serverless.Cli.Output;
using Nanodet.Serverless.Cli.Tests.Demo;
using Nanodet.Serverless.Detection.Tests.Detectors;

namespace Nanodet.Serverless.Cli.Tests.Commands;

/// <summary>Several images at a time, as if it were one after the other.</summary>
public sealed class FolderDetectionTests(DemoModel model) : IDisposable
{
    private const int Images = 24;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Run_WithAnImageThatCannotBeUsed_WritesInTheOrderOfTheImages()
    {
        var files = CopyPhotos();
        await File.WriteAllTextAsync(_folder.File("07.jpg"), "no image", TestContext.Current.CancellationToken);
        using var detector = Load();
        var output = new Written();

        var tally = await RunAsync(detector, files, output);

        Assert.Equal(files.Files, output.Names);
        Assert.Equal((Images - 1, 1), (tally.Detected, tally.Failed));
        Assert.Equal("07.jpg", Assert.Single(output.Results, result => result.Error is not null).Image.Name);
        Assert.All(output.Results.Where(result => result.Error is null), result => Assert.NotEmpty(result.Detections!));
    }

    [Fact]
    public async Task Run_ModelIsLostOnTheWay_DetectsEveryImage()
    {
        var files = CopyPhotos();
        using var detector = Load();
        var lost = detector.Model;
        var output = new Written { OnFirst = lost.Dispose };

        var tally = await RunAsync(detector, files, output);

        Assert.NotSame(lost, detector.Model);
        Assert.Equal(files.Files, output.Names);
        Assert.Equal((Images, 0), (tally.Detected, tally.Failed));
    }

    [Fact]
    public async Task Run_ModelIsLostBeforehand_DetectsEveryImage()
    {
        var files = CopyPhotos();
        using var detector = Load();
        detector.Model.Dispose();
        var output = new Written();

        var tally = await RunAsync(detector, files, output);

        Assert.Equal((Images, 0), (tally.Detected, tally.Failed));
    }

    [Fact]
    public async Task Run_TooLittleMemoryForSeveral_DetectsEveryImage()
    {
        var files = CopyPhotos();
        var runs = 0;
        using var faulty = LoadFaulty(() => Interlocked.Increment(ref runs) == 3 ? new InsufficientMemoryException("tensors") : null);
        using var detector = new Detector(faulty);
        var output = new Written();

        var tally = await RunAsync(detector, files, output);

        Assert.Equal(files.Files, output.Names);
        Assert.Equal((Images, 0), (tally.Detected, tally.Failed));
        Assert.True(runs > Images, $"{runs} runs");
    }

    [Fact]
    public async Task Run_LibraryIsMissing_EndsWithoutAnotherTry()
    {
        var files = CopyPhotos();
        var runs = 0;
        var missing = new EnvironmentException(EnvironmentErrorCodes.LibraryMissing, "libx.so", "libx.so is missing.");
        using var faulty = LoadFaulty(() => Interlocked.Increment(ref runs) == 1 ? missing : null);
        using var detector = new Detector(faulty);
        var output = new Written();

        var exception = await Assert.ThrowsAsync<EnvironmentException>(() => RunAsync(detector, files, output));

        Assert.Equal(EnvironmentErrorCodes.LibraryMissing, exception.Code);
        Assert.True(output.Names.Count < Images, $"{output.Names.Count} results");
    }

    [Fact]
    public async Task Run_ResultThatCannotBeWritten_EndsAndWritesNothingMore()
    {
        var files = CopyPhotos();
        using var detector = Load();
        var output = new Written { OnFirst = () => throw new IOException("disk full") };

        var exception = await Assert.ThrowsAsync<IOException>(() => RunAsync(detector, files, output));

        Assert.Equal("disk full", exception.Message);
        Assert.Single(output.Names);
    }

    private Detector Load() => Detector.Load(
        model.Onnx, model: new ModelOptions { Provider = ExecutionProvider.Cpu, ConcurrentRuns = Environment.ProcessorCount });

    private NanodetModel LoadFaulty(Func<Exception?> find) => NanodetModel.Load(
        File.ReadAllBytes(model.Onnx),
        new ModelOptions { Provider = ExecutionProvider.Cpu, ConcurrentRuns = Environment.ProcessorCount },
        () => null,
        (session, description) => new FaultyRuns(new SharedRuns(session, description), _ => find()));

    private static async Task<DetectTally> RunAsync(Detector detector, ImageFiles files, IResultOutput output)
    {
        var tally = new DetectTally(0);
        await using var detection = new FolderDetection(
            detector, Environment.ProcessorCount, files, output, annotate: false, kept: null, tally, TimeProvider.System);
        await detection.RunAsync(new StepProgress(null), TestContext.Current.CancellationToken);
        return tally;
    }

    private ImageFiles CopyPhotos()
    {
        var photo = Directory.GetFiles(DemoModel.Photos, "*.jpg").Order(StringComparer.Ordinal).First();
        var names = Enumerable.Range(0, Images).Select(index => $"{index:00}.jpg").ToArray();
        foreach (var name in names)
        {
            File.Copy(photo, _folder.File(name));
        }

        return new ImageFiles(_folder.Path, names, 0);
    }

    private sealed class Written : IResultOutput
    {
        public List<string> Names { get; } = [];

        public List<DetectionResult> Results { get; } = [];

        public Action? OnFirst { get; init; }

        public Task<DetectedImage> WriteAsync(
            string name, DetectionResult result, Func<Task<ReadOnlyMemory<byte>>>? draw, CancellationToken cancellationToken)
        {
            Names.Add(name);
            Results.Add(result);
            if (Names.Count == 1)
            {
                OnFirst?.Invoke();
            }

            return Task.FromResult(new DetectedImage(result, null, null));
        }
    }
}
