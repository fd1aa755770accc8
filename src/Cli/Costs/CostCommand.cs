using System.CommandLine;
using System.Globalization;
using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Cli.Output;
using Spectre.Console;

namespace Nanodet.Serverless.Cli.Costs;

/// <summary><c>nanodet cost</c>: what a deployment in Azure is expected to cost.</summary>
internal static class CostCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var images = new Option<long>("--images") { Description = "Images a day; 0 for a deployment that only waits." }
            .Within(0, 1_000_000_000_000);
        var profile = new Option<string>("--profile")
        {
            Description = "What workers run on: T4, A100 or cpu.",
            DefaultValueFactory = _ => "T4",
        };
        profile.AcceptOnlyFromAmong([.. WorkerProfile.All.Select(item => item.Name)]);
        var rate = new Option<double?>("--rate")
        {
            Description = "Images a second of one busy worker, as you measured it; without it an assumption.",
        }.Within(0.01, 1_000_000);
        var bursts = new Option<int>("--bursts")
        {
            Description = "How often a day workers start from zero.",
            DefaultValueFactory = _ => 1,
        }.Within(0, 1000);
        var workers = new Option<int>("--workers")
        {
            Description = "Workers that start then.",
            DefaultValueFactory = _ => 3,
        }.Within(1, 1000);
        var registry = new Option<string>("--registry") { Description = "basic, standard or premium.", DefaultValueFactory = _ => "basic" };
        registry.AcceptOnlyFromAmong("basic", "standard", "premium");
        var isPrivate = new Option<bool>("--private-network") { Description = "With private endpoints for storage." };
        var scheduler = new Option<bool>("--scheduler")
        {
            Description = "With a Durable Task Scheduler and a coordinator that goes to zero.",
        };
        var jobs = new Option<bool>("--jobs") { Description = "Images come by jobs over a prefix, and not by upload one by one." };
        var prices = new Option<FileInfo>("--prices") { Description = "File of your prices; without it those that the program brings." };
        var write = new Option<FileInfo>("--write-prices")
        {
            Description = "Write the program's prices to this file, for you to edit, and end.",
        };
        var json = CommonOptions.Json();
        var command = new Command("cost", "Estimate what a deployment in Azure costs, from a model and a file of prices.")
        {
            images, profile, rate, bursts, workers, registry, isPrivate, scheduler, jobs, prices, write, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(images) is not { Implicit: false } && result.GetResult(write) is not { Implicit: false })
            {
                result.AddError("--images: expected images a day, found none.");
            }
        });
        command.SetAction(parsed =>
        {
            var report = new Report(parsed.GetValue(json));
            if (parsed.GetValue(write) is { } file)
            {
                return Write(file);
            }

            var chosen = WorkerProfile.All.Single(item => item.Name == parsed.GetValue(profile));
            var workload = new Workload
            {
                ImagesPerDay = parsed.GetValue(images),
                Profile = chosen with { ImagesPerSecond = parsed.GetValue(rate) ?? chosen.ImagesPerSecond },
                BurstsPerDay = parsed.GetValue(bursts),
                WorkersPerBurst = parsed.GetValue(workers),
                Registry = parsed.GetValue(registry)!,
                IsPrivate = parsed.GetValue(isPrivate),
                IsScheduled = parsed.GetValue(scheduler),
                IsByUpload = !parsed.GetValue(jobs),
            };
            var list = parsed.GetValue(prices) is { } own ? PriceList.Read(own) : PriceList.Own();
            report.Write(new CostModel(list).Estimate(workload), CostJson.Default.CostReport, Print);
            return ExitCode.Ok;
        });
        return command;
    }

    private static int Write(FileInfo file)
    {
        if (file.Exists)
        {
            throw new CliException("file_exists", $"{file} is there already; expected a new file, so that no prices of yours are lost.");
        }

        File.WriteAllText(file.FullName, PriceList.OwnText());
        return ExitCode.Ok;
    }

    private static void Print(IAnsiConsole console, CostReport report)
    {
        var table = new Table().Border(TableBorder.Minimal).AddColumns("item", "a day", $"{report.Currency} a day", string.Empty);
        foreach (var line in report.Lines)
        {
            var mark = line.IsAssumption ? "assumption" : string.Empty;
            table.AddRow(line.Item, CostTable.Quantity(line.Quantity), CostTable.Money(line.PerDay), mark);
        }

        console.Write(table);
        var date = report.PricesOf.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        console.WriteLine(
            $"{CostTable.Money(report.PerDay)} {report.Currency} a day, {CostTable.Money(report.PerMonth)} a month, prices of {date}.");
        if (report.PerMillionImages is { } million)
        {
            console.WriteLine($"{CostTable.Money(million)} {report.Currency} for a million images.");
        }

        if (report.AssumedPrices.Count > 0)
        {
            console.WriteLine($"Without a source, to be replaced with --prices: {string.Join(", ", report.AssumedPrices)}.");
        }

        console.WriteLine("A model: nothing of it was measured in Azure. docs/costs.md has its assumptions.");
    }
}
