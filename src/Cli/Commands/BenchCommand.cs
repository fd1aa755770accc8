using System.CommandLine;
using System.Diagnostics;
using Nanodet.Detection.Benchmarking;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Images;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary><c>nanodet bench</c>: how fast images become detections here, and how near that is to what the graph alone can do.</summary>
internal static class BenchCommand
{
    private const long MostBytes = 256L << 20;
    private const int MostRounds = 20;

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var model = new Option<FileInfo>("--model") { Description = "The model (.onnx).", Required = true };
        var images = new Option<string>("--images")
        {
            Description = "An image, or a folder whose images are taken; they are measured in memory.",
            Required = true,
        };
        var seconds = new Option<double>("--seconds") { Description = "How long to measure, 0.1 to 86400.", DefaultValueFactory = _ => 20 }
            .Within(0.1, 86400);
        var count = new Option<long?>("--count")
        {
            Description = "Instead of --seconds: images of each model that go the whole way, 1 or more.",
        }.Within(1, long.MaxValue);
        var compare = new Option<FileInfo?>("--compare") { Description = "Another model, measured in turn with the first." };
        var concurrency = new Option<int>("--concurrency")
        {
            Description = "Callers at the same time, 1 to 256.",
            DefaultValueFactory = _ => Environment.ProcessorCount,
        }.Within(1, 256);
        var threads = new Option<int>("--threads")
        {
            Description = "Threads of one operator on the CPU, 0 to 256; 0: one for each physical core.",
            DefaultValueFactory = _ => 1,
        }.Within(0, 256);
        var batch = new Option<int>("--batch") { Description = "Images of one call, 1 to 256.", DefaultValueFactory = _ => 1 }
            .Within(1, 256);
        var score = CommonOptions.Score(new DetectorOptions().ScoreThreshold);
        var provider = new Option<ExecutionProvider>("--provider")
        {
            Description = "auto, cuda, tensorrt or cpu.",
            DefaultValueFactory = _ => ExecutionProvider.Auto,
        };
        var precision = CommonOptions.Precision();
        var tf32 = CommonOptions.Tf32();
        var fast = CommonOptions.FastDecode();
        var json = CommonOptions.Json();
        var command = new Command("bench", "Measure images per second, the time of each stage, memory, and the graph alone, in one run.")
        {
            model, images, seconds, count, compare, concurrency, threads, batch, score, provider, precision, tf32, fast, json,
        };
        command.Validators.Add(result =>
        {
            var timed = result.GetResult(seconds) is { Implicit: false };
            if (timed && result.GetValue(count) is not null)
            {
                result.AddError("bench takes either --seconds or --count.");
            }
        });
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetValue(compare) is { } other ? [parsed.GetRequiredValue(model), other] : [parsed.GetRequiredValue(model)],
            new ModelOptions
            {
                Provider = parsed.GetValue(provider),
                IntraOpThreads = parsed.GetValue(threads),
                ConcurrentRuns = parsed.GetValue(threads) > 0 ? parsed.GetValue(concurrency) : 1,
                Precision = parsed.GetValue(precision),
                Tf32 = parsed.GetValue(tf32),
            },
            parsed.GetRequiredValue(images),
            new DetectorOptions { ScoreThreshold = parsed.GetValue(score), FastDecode = parsed.GetValue(fast) },
            new BenchmarkOptions { Concurrency = parsed.GetValue(concurrency), RunSize = parsed.GetValue(batch) },
            new BenchLength(parsed.GetValue(seconds), parsed.GetValue(count)),
            new Report(parsed.GetValue(json)),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        IReadOnlyList<FileInfo> files,
        ModelOptions modelOptions,
        string input,
        DetectorOptions detectorOptions,
        BenchmarkOptions options,
        BenchLength length,
        Report report,
        CancellationToken cancellationToken)
    {
        var found = ImageFiles.Find(input, except: Path.Combine(input, ".nanodet"));
        var clock = TimeProvider.System;
        var models = new List<NanodetModel>();
        var benchmarks = new List<ModelBenchmark>();
        try
        {
            foreach (var file in files)
            {
                var model = NanodetModel.LoadBest(file.FullName, modelOptions, cancellationToken);
                models.Add(model);
                ParityFixture.Verify(model).EnsurePassed();
            }

            var (images, read) = await ReadAsync(found, clock, models[0], detectorOptions, cancellationToken);
            benchmarks.AddRange(models.Select(model => new ModelBenchmark(model, images, detectorOptions, options)));
            benchmarks.ForEach(benchmark => benchmark.WarmUp(cancellationToken));
            var started = clock.GetTimestamp();
            await report.ProgressAsync("measuring", progress => Task.Run(
                () => Measure(benchmarks, length, options, clock, progress, cancellationToken), cancellationToken));
            var elapsed = clock.GetElapsedTime(started);

            var figures = benchmarks.Select(benchmark => benchmark.Summarize()).ToList();
            using var process = Process.GetCurrentProcess();
            report.Write(
                new BenchReport
                {
                    Machine = await Machine.ReadAsync(cancellationToken),
                    Concurrency = options.Concurrency,
                    Threads = modelOptions.IntraOpThreads,
                    BatchSize = options.RunSize,
                    ScoreThreshold = detectorOptions.ScoreThreshold,
                    FastDecode = detectorOptions.FastDecode,
                    Files = images.Count,
                    FilesLeftOut = found.Files.Count - images.Count,
                    Read = read,
                    Models = figures,
                    Forms = [.. models.Select(model => model.Form)],
                    SpeedUp = figures.Count > 1 ? figures[0].ImagesPerSecond / figures[1].ImagesPerSecond : null,
                    RunSpeedUp = figures.Count > 1 ? figures[0].RunImagesPerSecond / figures[1].RunImagesPerSecond : null,
                    PeakMemoryBytes = process.PeakWorkingSet64,
                    ElapsedMs = elapsed.TotalMilliseconds,
                },
                CliJsonContext.Default.BenchReport,
                BenchPrinter.Print);
            return ExitCode.Ok;
        }
        finally
        {
            benchmarks.ForEach(benchmark => benchmark.Dispose());
            models.ForEach(model => model.Dispose());
        }
    }

    /// <summary>Gives every model its round in turn: a machine's speed drifts, and each meets the same.</summary>
    private static void Measure(
        List<ModelBenchmark> benchmarks,
        BenchLength length,
        BenchmarkOptions options,
        TimeProvider clock,
        StepProgress progress,
        CancellationToken cancellationToken)
    {
        var rounds = length.Count is { } count
            ? (int)Math.Clamp(count / (options.Concurrency * options.RunSize), 1, MostRounds)
            : MostRounds;
        for (var round = 0; round < rounds; round++)
        {
            Func<BenchmarkLimit> limit;
            if (length.Count is { } images)
            {
                var share = (images * (round + 1) / rounds) - (images * round / rounds);
                limit = () => BenchmarkLimit.After(share);
            }
            else
            {
                var slice = TimeSpan.FromSeconds(length.Seconds / (rounds * benchmarks.Count * 2));
                limit = () => BenchmarkLimit.After(slice, clock);
            }

            benchmarks.ForEach(benchmark => benchmark.RunRound(limit, cancellationToken));
            progress.Report($"measuring, round {round + 1} of {rounds}", round + 1, rounds);
        }
    }

    /// <summary>Reads the images, each of them once, and refuses one that cannot be used before anything is measured.</summary>
    private static async Task<(IReadOnlyList<ReadOnlyMemory<byte>> Images, StageFigures Read)> ReadAsync(
        ImageFiles files, TimeProvider clock, NanodetModel model, DetectorOptions options, CancellationToken cancellationToken)
    {
        var detector = new Detector(model, options);
        var images = new List<ReadOnlyMemory<byte>>();
        var times = new List<double>();
        var bytes = 0L;
        foreach (var name in files.Files)
        {
            var started = clock.GetTimestamp();
            var (image, length) = await ImageFileReader.ReadAsync(files, name, options.Limits.MaxBytes, cancellationToken);
            if (images.Count > 0 && bytes + length > MostBytes)
            {
                break;
            }

            times.Add(clock.GetElapsedTime(started).TotalMilliseconds);
            bytes += image.Length;
            if (detector.Detect(image.Span, cancellationToken).Error is { } error)
            {
                throw new ImageException(error.Code, $"{name}: {error.Message}");
            }

            images.Add(image);
        }

        return (images, StageFigures.Of(times));
    }
}
