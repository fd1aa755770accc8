using Nanodet.Detection.Benchmarking;
using Nanodet.Detection.Forms;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>The answer of <c>nanodet bench</c>.</summary>
internal sealed record BenchReport
{
    /// <summary>What it ran on.</summary>
    public required Machine Machine { get; init; }

    /// <summary>Callers at the same time.</summary>
    public required int Concurrency { get; init; }

    /// <summary>Threads of one operator on the CPU; 0 for one for each physical core.</summary>
    public required int Threads { get; init; }

    /// <summary>Images of one call.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Score above which something is a detection.</summary>
    public required float ScoreThreshold { get; init; }

    /// <summary>Whether large JPEGs were reduced while they were decoded.</summary>
    public required bool FastDecode { get; init; }

    /// <summary>Image files, all of them in memory.</summary>
    public required int Files { get; init; }

    /// <summary>Files of the folder that were not read because the others fill the memory that is meant for them.</summary>
    public required int FilesLeftOut { get; init; }

    /// <summary>Median and 95th percentile of reading a file, before the measurement.</summary>
    public required StageFigures Read { get; init; }

    /// <summary>The figures of each model: the one of <c>--model</c> first.</summary>
    public required IReadOnlyList<ModelFigures> Models { get; init; }

    /// <summary>For each model which form of it was measured, and why this one; null for a model of one file.</summary>
    public required IReadOnlyList<FormChoice?> Forms { get; init; }

    /// <summary>Images a second of the first model over those of the second, the whole way; null without a second one.</summary>
    public required double? SpeedUp { get; init; }

    /// <summary>The same of the graphs alone.</summary>
    public required double? RunSpeedUp { get; init; }

    /// <summary>The most memory that the process ever had, everything included, in bytes.</summary>
    public required long PeakMemoryBytes { get; init; }

    /// <summary>Time that was measured, in milliseconds.</summary>
    public required double ElapsedMs { get; init; }
}
