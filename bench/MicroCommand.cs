using System.CommandLine;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Nanodet.Serverless.Bench.Micro;
using Perfolizer.Horology;

namespace Nanodet.Serverless.Bench;

/// <summary><c>micro</c>: BenchmarkDotNet over the parts of an image's way, each fast path beside what it takes the place of.</summary>
internal static class MicroCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var filter = new Option<string[]>("--filter") { Description = "Globs of benchmarks.", DefaultValueFactory = _ => ["*"], AllowMultipleArgumentsPerToken = true };
        var output = new Option<DirectoryInfo>("--output") { Description = "Folder for the reports.", DefaultValueFactory = _ => new DirectoryInfo("BenchmarkDotNet.Artifacts") };
        var model = new Option<FileInfo?>("--model") { Description = "The model of the benchmark of a whole image; without it that one is left out." };
        var command = new Command("micro", "Run the BenchmarkDotNet benchmarks.") { filter, output, model };
        command.SetAction(parsed =>
        {
            var types = new List<Type> { typeof(WarpBenchmarks), typeof(PostprocessBenchmarks) };
            if (parsed.GetValue(model) is { } file)
            {
                WholeImageBenchmarks.Model = file.FullName;
                types.Add(typeof(WholeImageBenchmarks));
            }

            // In this process: a generated project would not know the repository's build settings.
            var config = ManualConfig.Create(DefaultConfig.Instance)
                .AddJob(Job.Default
                    .WithToolchain(InProcessEmitToolchain.Instance)
                    .WithIterationTime(TimeInterval.FromMilliseconds(150))
                    .WithWarmupCount(5)
                    .WithIterationCount(21))
                .AddDiagnoser(MemoryDiagnoser.Default)
                .AddColumn(StatisticColumn.Median, StatisticColumn.Min)
                .WithArtifactsPath(parsed.GetRequiredValue(output).FullName);
            var summaries = BenchmarkSwitcher.FromTypes([.. types]).Run(["--filter", .. parsed.GetRequiredValue(filter)], config);
            return summaries.Any() && summaries.All(summary => !summary.HasCriticalValidationErrors) ? 0 : 1;
        });
        return command;
    }
}
