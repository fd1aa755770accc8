using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Nanodet.Serverless.Bench;

/// <summary>
/// <c>compare</c>: the run time of one model against others, in one process, in turn, on the CPU. Models are run in turn because a
/// machine's speed drifts; the ratio of two medians, or of two minimums, of such a run is what can be quoted.
/// </summary>
internal static class CompareCommand
{
    private const int WarmUps = 10;

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var model = new Option<FileInfo>("--model") { Description = "The model that is measured.", Required = true };
        var against = new Option<FileInfo[]>("--against") { Description = "Models that it is held against.", Required = true, AllowMultipleArgumentsPerToken = true };
        var strip = new Option<bool>("--strip-initializers")
        {
            Description = "Hold it also against each of them with its initializers taken out of the graph's inputs.",
        };
        var height = Sizes.Height();
        var width = Sizes.Width();
        var threads = new Option<int>("--threads") { Description = "Threads of each session.", DefaultValueFactory = _ => 1 };
        var rounds = new Option<int>("--rounds") { Description = "Counted runs of each model.", DefaultValueFactory = _ => 100 };
        var fast = BenchSession.FastProducts();
        var json = new Option<FileInfo?>("--json") { Description = "Also write the figures to a file." };
        var command = new Command("compare", "Time models in turn, in one process.") { model, against, strip, height, width, threads, rounds, fast, json };
        command.SetAction(parsed => Run(
            Load(parsed.GetRequiredValue(model), parsed.GetRequiredValue(against), parsed.GetValue(strip)),
            parsed.GetValue(height),
            parsed.GetValue(width),
            parsed.GetValue(threads),
            parsed.GetValue(rounds),
            parsed.GetValue(fast),
            parsed.GetValue(json)));
        return command;
    }

    private static List<(string Name, byte[] Model)> Load(FileInfo model, FileInfo[] against, bool strip)
    {
        List<(string, byte[])> models = [(model.Name, File.ReadAllBytes(model.FullName))];
        foreach (var file in against)
        {
            var bytes = File.ReadAllBytes(file.FullName);
            models.Add((file.Name, bytes));
            if (strip)
            {
                models.Add(($"{file.Name} (stripped)", ModelFile.WithoutInitializersAmongInputs(bytes)));
            }
        }

        return models;
    }

    private static int Run(List<(string Name, byte[] Model)> models, int height, int width, int threads, int rounds, bool fastProducts, FileInfo? json)
    {
        using var options = BenchSession.Options(threads, fastProducts: false);
        using var fast = BenchSession.Options(threads, fastProducts: true);
        var contestants = models.Select(model => new Contestant(model.Name, model.Model, options, height, width)).ToList();
        if (fastProducts)
        {
            contestants.AddRange(models.Select(model => new Contestant($"{model.Name} (fast products)", model.Model, fast, height, width)));
        }

        for (var round = -WarmUps; round < rounds; round++)
        {
            foreach (var contestant in contestants)
            {
                contestant.Run(count: round >= 0);
            }
        }

        var own = contestants[0];
        var figures = contestants.Select(contestant => new Figure(
            contestant.Name,
            threads,
            rounds,
            contestant.Percentile(0.5),
            contestant.Percentile(0),
            contestant.Percentile(0.1),
            contestant.Percentile(0.9),
            contestant.Percentile(0.5) / own.Percentile(0.5),
            contestant.Percentile(0) / own.Percentile(0))).ToList();
        Console.WriteLine($"{threads} thread(s), {rounds} runs each, in turn; ratios to {own.Name}");
        foreach (var figure in figures)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{figure.Model,-44} median {figure.MedianMs,7:0.00} ms ({figure.RatioToFirst:0.00} x)   min {figure.MinMs,7:0.00} ms ({figure.MinRatioToFirst:0.00} x)   p10 {figure.P10Ms,7:0.00}   p90 {figure.P90Ms,7:0.00}"));
        }

        if (json is not null)
        {
            File.WriteAllText(json.FullName, JsonSerializer.Serialize(figures, BenchJsonContext.Default.ListFigure));
        }

        contestants.ForEach(contestant => contestant.Dispose());
        return 0;
    }
}
