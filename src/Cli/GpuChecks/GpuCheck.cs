using System.Diagnostics;
using System.Globalization;
using Nanodet.Detection.Batching;
using Nanodet.Detection.Benchmarking;
using Nanodet.Detection.Description;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Gpu;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Natives;

namespace Nanodet.Serverless.Cli.GpuChecks;

/// <summary>Runs the checks of <c>nanodet gpu-check</c>, one after the other.</summary>
/// <param name="models">The forms.</param>
/// <param name="folder">The folder of the photos, for children.</param>
/// <param name="images">The photos.</param>
/// <param name="provider">CUDA, or the CPU where only the command is tried.</param>
/// <param name="seconds">How long a rate is measured.</param>
internal sealed class GpuCheck(
    IReadOnlyList<string> models, string folder, IReadOnlyList<ReadOnlyMemory<byte>> images, ExecutionProvider provider, double seconds)
{
    private const int Loads = 10;
    private const long MemoryThatMayStay = 64L << 20;
    private const long LittleMemory = 8L << 20;
    private const int RequestsOnGpu = 200;
    private const int RequestsOnCpu = 20;
    private const double LongestOverMedian = 10;

    private static readonly TimeSpan ShapeMeasurement = TimeSpan.FromMilliseconds(300);
    private static readonly int[] RunSizes = [1, 8, 32, 64];
    private static readonly int[] RunSizesOnCpu = [1, 8];

    private readonly List<GpuCheckLine> _lines = [];

    private bool IsOnGpu => provider == ExecutionProvider.Cuda;

    /// <summary>Runs them all.</summary>
    public async Task<GpuCheckReport> RunAsync(CancellationToken cancellationToken)
    {
        if (IsOnGpu)
        {
            LookAtDriver();
        }

        var decoding = DecodingBenchmark.Measure(images, TimeSpan.FromSeconds(seconds), cancellationToken);
        Tell("", $"images/s, decoding alone, {Environment.ProcessorCount} threads", Number(decoding));
        foreach (var model in models)
        {
            await CheckAsync(model, cancellationToken);
        }

        await CheckProcessesAsync(models[0], cancellationToken);
        if (IsOnGpu)
        {
            await CheckWithoutGpuAsync(models[0], cancellationToken);
            CheckLittleMemory(models[0]);
        }

        return new GpuCheckReport { Provider = provider.ToString(), Images = images.Count, Lines = _lines };
    }

    private static string Number(double value, string format = "0") => value.ToString(format, CultureInfo.InvariantCulture);

    private void Tell(string model, string check, string value) => _lines.Add(new GpuCheckLine(Name(model), check, value));

    private void Check(string model, string check, string value, string expected, bool passed) =>
        _lines.Add(new GpuCheckLine(Name(model), check, value, expected, passed));

    private static string Name(string model) => Path.GetFileNameWithoutExtension(model);

    private void LookAtDriver()
    {
        var gpu = GpuProbe.Probe();
        var name = string.Join(", ", gpu.Gpus.Select(reading => reading.Name));
        Check("", "GPU", $"{name}, driver {gpu.DriverVersion}, CUDA {gpu.CudaVersion}", "no problem", gpu.Problem is null);
        if (gpu.Problem is { } problem)
        {
            Tell("", "problem", problem);
        }

        var status = ProviderProbe.Probe()[1];
        Check("", "CUDA provider", status.Problem ?? "a convolution is right", "a convolution is right", status.Usable);
    }

    private async Task CheckAsync(string file, CancellationToken cancellationToken)
    {
        try
        {
            await CheckColdStartAsync(file, cancellationToken);
            using var model = NanodetModel.Load(file, Options());
            CheckParity(file, model);
            CheckDetections(file, model, cancellationToken);
            CheckFirstPass(file, model, cancellationToken);
            model.Settle(cancellationToken);
            await CheckWaitsAsync(file, model, cancellationToken);
            await MeasureServerAsync(file, model, cancellationToken);
            MeasureRates(file, model, cancellationToken);
            if (IsOnGpu)
            {
                CheckLoads(file);
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // The checks of the other forms go on.
            Check(file, "failure", $"{exception.GetType().Name}: {exception.Message}", "none", passed: false);
        }
    }

    private ModelOptions Options() => new() { Provider = provider, IntraOpThreads = 1 };

    private async Task CheckColdStartAsync(string file, CancellationToken cancellationToken)
    {
        var (code, answer, all) = await StartAsync(GpuCheckChild.Cold, file, hideGpus: false, cancellationToken);
        if (code != 0 || !double.TryParse(answer, CultureInfo.InvariantCulture, out var milliseconds))
        {
            Check(file, "cold start", OneLine(all), "ready", passed: false);
            return;
        }

        if (!IsOnGpu)
        {
            Tell(file, "cold start until ready, ms", answer);
            return;
        }

        var limit = ModelPrecision(file) == ParityPrecision.Half ? 5000 : 3000;
        Check(file, "cold start until ready, ms", answer, $"at most {limit}", milliseconds <= limit);
    }

    private static ParityPrecision ModelPrecision(string file)
    {
        using var model = NanodetModel.Load(file, new ModelOptions { Provider = ExecutionProvider.Cpu });
        return model.Description.Precision;
    }

    private void CheckParity(string file, NanodetModel model)
    {
        var parity = ParityFixture.Verify(model);
        Check(
            file,
            "parity",
            parity.Problem ?? $"{parity.ValuesCompared} values, by up to {Number(parity.LargestDifference, "0.#e+0")}",
            "as at export",
            parity.Problem is null);
    }

    private void CheckDetections(string file, NanodetModel model, CancellationToken cancellationToken)
    {
        using var onCpu = NanodetModel.Load(file, new ModelOptions { Provider = ExecutionProvider.Cpu });
        var options = new DetectorOptions { ScoreThreshold = 0.05f };
        var expected = new Detector(onCpu, options).Detect(images, cancellationToken);
        var found = new Detector(model, options).Detect(images, cancellationToken);
        var comparison = new DetectionComparison();
        var failed = 0;
        for (var i = 0; i < images.Count; i++)
        {
            if (expected[i].Detections is { } wanted && found[i].Detections is { } there)
            {
                comparison.Add(wanted, there);
            }
            else
            {
                failed++;
            }
        }

        var value = $"{comparison.Changed} of {comparison.Detections} without a twin, scores by up to "
            + $"{Number(comparison.LargestScoreDifference, "0.#e+0")}, {failed} images failed";
        if (model.Description.Precision == ParityPrecision.Full)
        {
            Check(file, "detections against the CPU", value, "0 without a twin, none failed", comparison.Changed == 0 && failed == 0);
        }
        else
        {
            Tell(file, "detections against the CPU", value);
        }
    }

    /// <summary>A model that keeps the ratio of its images has many shapes: what their first images wait.</summary>
    private void CheckFirstPass(string file, NanodetModel warm, CancellationToken cancellationToken)
    {
        if (!warm.Description.Input.KeepRatio)
        {
            return;
        }

        using var model = NanodetModel.Load(file, Options());
        var start = Stopwatch.GetTimestamp();
        _ = new Detector(model).Detect(images, cancellationToken);
        var elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var shapes = model.Shapes.Select(shape => (shape.Height, shape.Width)).Distinct().Count();
        Check(file, $"first pass, {shapes} shapes, s", Number(elapsed, "0.00"), "less than 5", elapsed < 5);
    }

    private async Task CheckWaitsAsync(string file, NanodetModel model, CancellationToken cancellationToken)
    {
        await using var batcher = new DetectionBatcher(new Detector(model));
        var waits = new List<double>();
        var requests = IsOnGpu ? RequestsOnGpu : RequestsOnCpu;
        for (var i = 0; i < requests + images.Count; i++)
        {
            var start = Stopwatch.GetTimestamp();
            _ = await batcher.DetectAsync(images[i % images.Count], cancellationToken);
            if (i >= images.Count)
            {
                waits.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }

        waits.Sort();
        var median = waits[waits.Count / 2];
        Check(
            file,
            "one image after the other, ms",
            $"median {Number(median, "0.0")}, longest {Number(waits[^1], "0.0")}",
            $"longest at most {LongestOverMedian:0} medians",
            waits[^1] <= LongestOverMedian * median);
    }

    /// <summary>As a worker has it: many requests of one image each.</summary>
    private async Task MeasureServerAsync(string file, NanodetModel model, CancellationToken cancellationToken)
    {
        await using var batcher = new DetectionBatcher(new Detector(model));
        var callers = IsOnGpu ? new BatchingOptions().QueueCapacity : 2 * batcher.Plan.Lanes;
        var rate = await BatcherBenchmark.MeasureAsync(batcher, images, callers, TimeSpan.FromSeconds(seconds), cancellationToken);
        Tell(
            file,
            $"images/s, {callers} requests of one image at a time",
            $"{Number(rate)}, {batcher.Plan.Lanes} lanes");
    }

    private void MeasureRates(string file, NanodetModel model, CancellationToken cancellationToken)
    {
        foreach (var size in model.IsBatchFixed ? [1] : IsOnGpu ? RunSizes : RunSizesOnCpu)
        {
            var figures = GpuCheckChild.Measure(model, images, size, seconds, cancellationToken);
            Tell(file, $"images/s, {size} a call, the whole way", Number(figures.ImagesPerSecond));
            Tell(file, $"images/s, {size} a call, the graph and its copies", Number(figures.RunImagesPerSecond));
        }

        model.MeasureShapes(ShapeMeasurement);
        foreach (var shape in model.Shapes)
        {
            var rate = Number(shape.RunSize / shape.MillisecondsARun * 1000);
            var kind = $"{(shape.IsGraph ? "CUDA graph" : "no CUDA graph")}{(shape.IsProvisional ? ", provisional" : "")}";
            var graph = $"{kind}{(shape.Note is null ? "" : $" ({shape.Note})")}";
            Tell(
                file,
                $"images/s, runs of {shape.RunSize} x {shape.Height} x {shape.Width}, the graph alone",
                $"{rate}, {graph}, warmed in {Number(shape.WarmedInMs)} ms");
        }
    }

    private void CheckLoads(string file)
    {
        var after = new List<long>();
        for (var load = 0; load < Loads; load++)
        {
            using (var model = NanodetModel.Load(file, Options()))
            {
                _ = ParityFixture.Verify(model);
            }

            after.Add(GpuProbe.Probe().Gpus.Sum(gpu => gpu.MemoryUsed));
        }

        // The first load takes what CUDA keeps for the process.
        var grown = after[^1] - after[1];
        Check(
            file,
            $"GPU memory after {Loads} loads, MiB",
            $"{after[1] >> 20} after the second, {after[^1] >> 20} after the last",
            $"at most {MemoryThatMayStay >> 20} more",
            grown <= MemoryThatMayStay);
    }

    private async Task CheckProcessesAsync(string file, CancellationToken cancellationToken)
    {
        var both = await Task.WhenAll(
            StartAsync(GpuCheckChild.Rate, file, hideGpus: false, cancellationToken),
            StartAsync(GpuCheckChild.Rate, file, hideGpus: false, cancellationToken));
        Check(
            file,
            "two processes at the same time, images/s",
            string.Join(" + ", both.Select(child => child.ExitCode == 0 ? child.Answer : OneLine(child.All))),
            "both serve",
            both.All(child => child.ExitCode == 0));
    }

    private async Task CheckWithoutGpuAsync(string file, CancellationToken cancellationToken)
    {
        var (code, answer, all) = await StartAsync(GpuCheckChild.Fallback, file, hideGpus: true, cancellationToken);
        var isClean = !all.Contains('\u001b', StringComparison.Ordinal) && !all.Contains(".cc:", StringComparison.Ordinal);
        Check(
            file,
            "no GPU shown",
            code == 0 ? answer : OneLine(all),
            "the CPU, with a reason in plain words",
            code == 0 && isClean && answer.StartsWith($"{ProviderSelection.Cpu}: CUDA", StringComparison.Ordinal));
    }

    private void CheckLittleMemory(string file)
    {
        string value;
        bool passed;
        try
        {
            using var model = NanodetModel.Load(file, Options() with { GpuMemoryBytes = LittleMemory });
            var problem = ParityFixture.Verify(model).Problem;
            (value, passed) = (problem ?? "it serves", problem is null);
        }
        catch (EnvironmentException exception)
        {
            (value, passed) = ($"{exception.Code}: {exception.Message}", exception.Code == EnvironmentErrorCodes.OutOfMemory);
        }
        catch (Exception exception)
        {
            (value, passed) = ($"{exception.GetType().Name}: {exception.Message}", false);
        }

        Check(file, $"{LittleMemory >> 20} MiB of GPU memory", value, "it serves, or out_of_memory", passed);
    }

    private Task<(int ExitCode, string Answer, string All)> StartAsync(
        string kind, string file, bool hideGpus, CancellationToken cancellationToken) => GpuCheckChild.StartAsync(
        [
            "gpu-check", "--child", kind, "--models", file, "--images", folder,
            "--provider", provider.ToString(), "--seconds", Number(seconds, "0.0#"),
        ],
        hideGpus,
        cancellationToken);

    private static string OneLine(string all) => all.Trim().ReplaceLineEndings(" ");
}
