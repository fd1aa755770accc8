using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Microsoft.ML.OnnxRuntime;

namespace Nanodet.Serverless.Bench;

/// <summary>
/// <c>compare</c>: the run time of one model against others, in one process, in turn, on the CPU. Models are run in turn because a
/// machine's speed drifts; the ratio of two medians of such a run is what can be quoted.
/// </summary>
internal static class CompareCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var model = new Option<FileInfo>("--model") { Description = "The model that is measured.", Required = true };
        var against = new Option<FileInfo[]>("--against") { Description = "Models that it is held against.", Required = true, AllowMultipleArgumentsPerToken = true };
        var height = new Option<int>("--height") { Description = "Height of the input where the model leaves it open.", DefaultValueFactory = _ => 416 };
        var width = new Option<int>("--width") { Description = "Width of the input where the model leaves it open.", DefaultValueFactory = _ => 416 };
        var threads = new Option<int>("--threads") { Description = "Threads of each session.", DefaultValueFactory = _ => 1 };
        var rounds = new Option<int>("--rounds") { Description = "Counted runs of each model.", DefaultValueFactory = _ => 100 };
        var json = new Option<FileInfo?>("--json") { Description = "Also write the figures to a file." };
        var command = new Command("compare", "Time models in turn, in one process.") { model, against, height, width, threads, rounds, json };
        command.SetAction(parsed => Run(
            [parsed.GetRequiredValue(model), .. parsed.GetRequiredValue(against)],
            parsed.GetValue(height),
            parsed.GetValue(width),
            parsed.GetValue(threads),
            parsed.GetValue(rounds),
            parsed.GetValue(json)));
        return command;
    }

    private static int Run(FileInfo[] models, int height, int width, int threads, int rounds, FileInfo? json)
    {
        const int warmUps = 10;
        using var options = new SessionOptions
        {
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        var contestants = models.Select(file => new Contestant(file, options, height, width)).ToList();
        for (var round = -warmUps; round < rounds; round++)
        {
            foreach (var contestant in contestants)
            {
                contestant.Run(count: round >= 0);
            }
        }

        var own = contestants[0].Percentile(0.5);
        Console.WriteLine($"{threads} thread(s), {rounds} runs each, in turn");
        foreach (var contestant in contestants)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{contestant.Name,-40} median {contestant.Percentile(0.5),7:0.00} ms   p10 {contestant.Percentile(0.1),7:0.00}   p90 {contestant.Percentile(0.9),7:0.00}   {contestant.Percentile(0.5) / own:0.00} x the time of {contestants[0].Name}"));
        }

        if (json is not null)
        {
            File.WriteAllText(json.FullName, JsonSerializer.Serialize(
                contestants.Select(contestant => new Figure(
                    contestant.Name, threads, rounds, contestant.Percentile(0.5), contestant.Percentile(0.1), contestant.Percentile(0.9), contestant.Percentile(0.5) / own)).ToList(),
                BenchJsonContext.Default.ListFigure));
        }

        contestants.ForEach(contestant => contestant.Dispose());
        return 0;
    }
}
