using System.Diagnostics;
using System.Globalization;
using Nanodet.Detection.Benchmarking;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Inference;

namespace Nanodet.Serverless.Cli.GpuChecks;

/// <summary>
/// What only a process of its own can show: a cold start, a machine that shows no GPU, two processes on one GPU. It is this program again,
/// with a hidden option; its answer is the last line of its standard output.
/// </summary>
internal static class GpuCheckChild
{
    /// <summary>Milliseconds from the start of the process until the model may serve.</summary>
    public const string Cold = "cold";

    /// <summary>What a model runs on when anything will do, and why.</summary>
    public const string Fallback = "fallback";

    /// <summary>Images a second.</summary>
    public const string Rate = "rate";

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>The child's side.</summary>
    /// <param name="kind">One of the constants.</param>
    /// <param name="model">The model.</param>
    /// <param name="images">Photos.</param>
    /// <param name="provider">What it runs on.</param>
    /// <param name="seconds">How long a rate is measured.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The answer.</returns>
    public static string Run(
        string kind,
        string model,
        IReadOnlyList<ReadOnlyMemory<byte>> images,
        ExecutionProvider provider,
        double seconds,
        CancellationToken cancellationToken)
    {
        using var loaded = NanodetModel.Load(
            model, new ModelOptions { Provider = kind == Fallback ? ExecutionProvider.Auto : provider, IntraOpThreads = 1 });
        ParityFixture.Verify(loaded).EnsurePassed();
        switch (kind)
        {
            case Cold:
                using (var process = Process.GetCurrentProcess())
                {
                    var since = TimeProvider.System.GetLocalNow().DateTime - process.StartTime;
                    return since.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture);
                }

            case Rate:
                return Measure(loaded, images, 8, seconds, cancellationToken).ImagesPerSecond.ToString("0", CultureInfo.InvariantCulture);

            default:
                return $"{loaded.Provider.Name}: {loaded.Provider.FallbackReason}";
        }
    }

    /// <summary>Images a second of a model, as many callers as processors.</summary>
    public static ModelFigures Measure(
        NanodetModel model, IReadOnlyList<ReadOnlyMemory<byte>> images, int runSize, double seconds, CancellationToken cancellationToken)
    {
        using var benchmark = new ModelBenchmark(model, images, new DetectorOptions(), new BenchmarkOptions { RunSize = runSize });
        benchmark.WarmUp(cancellationToken);
        benchmark.RunRound(
            () => BenchmarkLimit.After(TimeSpan.FromSeconds(seconds / 2), TimeProvider.System), cancellationToken);
        return benchmark.Summarize();
    }

    /// <summary>The parent's side: starts a child and waits for it.</summary>
    /// <param name="arguments">The arguments of <c>gpu-check</c>.</param>
    /// <param name="hideGpus">Whether CUDA is to show it no GPU.</param>
    /// <param name="cancellationToken">Ends the child.</param>
    /// <returns>How it ended, the last line of its standard output, and all that it wrote.</returns>
    public static async Task<(int ExitCode, string Answer, string All)> StartAsync(
        IReadOnlyList<string> arguments, bool hideGpus, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
        {
            start.ArgumentList.Add(typeof(GpuCheckChild).Assembly.Location);
        }

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        if (hideGpus)
        {
            start.Environment["CUDA_VISIBLE_DEVICES"] = "-1";
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Longest);
        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            var text = await output;
            return (process.ExitCode, text.TrimEnd().Split('\n')[^1].Trim(), text + await errors);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            process.Kill(entireProcessTree: true);
            return (-1, string.Empty, $"it was ended after {Longest.TotalMinutes:0} minutes");
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
