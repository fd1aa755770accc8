using System.CommandLine;
using System.Globalization;

namespace Nanodet.Serverless.Bench;

/// <summary>
/// <c>profile</c>: where a run of a model spends its time, by operator of the graph that ONNX Runtime made of it, on the CPU. Taking the
/// profile costs time of its own, so that only the shares count. Several models are run in turn, so that they meet the same machine.
/// </summary>
internal static class ProfileCommand
{
    private const int WarmUps = 10;

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var model = new Option<FileInfo>("--model") { Description = "The model.", Required = true };
        var against = new Option<FileInfo[]>("--against") { Description = "Other models, profiled in turn.", AllowMultipleArgumentsPerToken = true };
        var fast = BenchSession.FastProducts();
        var strip = new Option<bool>("--strip-initializers") { Description = "Take its initializers out of the graph's inputs first." };
        var height = Sizes.Height();
        var width = Sizes.Width();
        var threads = new Option<int>("--threads") { Description = "Threads of the session.", DefaultValueFactory = _ => 1 };
        var rounds = new Option<int>("--rounds") { Description = "Counted runs.", DefaultValueFactory = _ => 50 };
        var nodes = new Option<int>("--nodes") { Description = "Also list so many of the slowest nodes.", DefaultValueFactory = _ => 0 };
        var command = new Command("profile", "Show the time by operator.") { model, against, strip, height, width, threads, rounds, fast, nodes };
        command.SetAction(parsed => Run(
            [parsed.GetRequiredValue(model), .. parsed.GetValue(against) ?? []],
            parsed.GetValue(strip),
            parsed.GetValue(height),
            parsed.GetValue(width),
            parsed.GetValue(threads),
            parsed.GetValue(rounds),
            parsed.GetValue(fast),
            parsed.GetValue(nodes)));
        return command;
    }

    private static int Run(
        IReadOnlyList<FileInfo> files, bool strip, int height, int width, int threads, int rounds, bool fastProducts, int nodes)
    {
        var folder = Directory.CreateTempSubdirectory("nanodet-profile-");
        try
        {
            var contestants = files
                .SelectMany(file => fastProducts ? new[] { (file, false), (file, true) } : [(file, false)])
                .Select((each, index) => Open(each.file, each.Item2, Path.Combine(folder.FullName, $"run{index}")))
                .ToList();
            for (var round = 0; round < WarmUps + rounds; round++)
            {
                contestants.ForEach(contestant => contestant.Run(count: round >= WarmUps));
            }

            foreach (var contestant in contestants)
            {
                Console.WriteLine(contestant.Name);
                Print(OperatorProfile.Read(contestant.EndProfiling(), WarmUps), nodes);
                contestant.Dispose();
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        return 0;

        Contestant Open(FileInfo file, bool fast, string prefix)
        {
            using var options = BenchSession.Options(threads, fast);
            options.EnableProfiling = true;
            options.ProfileOutputPathPrefix = prefix;
            var model = File.ReadAllBytes(file.FullName);
            return new Contestant(
                fast ? $"{file.Name} (fast products)" : file.Name,
                strip ? ModelFile.WithoutInitializersAmongInputs(model) : model,
                options,
                height,
                width);
        }
    }

    private static void Print(IReadOnlyList<NodeTime> times, int nodes)
    {
        var total = times.Sum(node => node.MedianMs);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"operator",-22} {"nodes",5} {"ms",8} {"share",7}"));
        foreach (var group in times.GroupBy(node => node.Operator).OrderByDescending(group => group.Sum(node => node.MedianMs)))
        {
            var sum = group.Sum(node => node.MedianMs);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{group.Key,-22} {group.Count(),5} {sum,8:0.000} {sum / total,7:0.0%}"));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"all",-22} {times.Count,5} {total,8:0.000}"));
        foreach (var node in times.OrderByDescending(node => node.MedianMs).Take(nodes))
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{node.MedianMs,8:0.000} {node.Operator,-14} {node.Inputs} -> {node.Outputs}  {node.Name}"));
        }
    }
}
