using Nanodet.Serverless.Cli.Costs;
using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Tests.Costs;

public sealed class CostTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Tables_OfTheDocumentation_AreWhatTheCommandComputes()
    {
        var document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "costs.md")).ReplaceLineEndings("\n");
        const string Begin = "<!-- costs -->\n";
        var begin = document.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;

        var end = document.IndexOf("<!-- end -->", begin, StringComparison.Ordinal);
        Assert.Equal(CostTable.Markdown(PriceList.Own()), document[begin..end]);
    }

    [Fact]
    public void Estimate_AMillionUploads_IsWhatOneCountsByHand()
    {
        var report = new CostModel(Prices(1)).Estimate(new Workload
        {
            ImagesPerDay = 1_000_000,
            Profile = new WorkerProfile("T4", 8, 56, "t4Second", 250),
            BurstsPerDay = 2,
            WorkersPerBurst = 3,
            IsPrivate = true,
        });
        var lines = report.Lines.ToDictionary(line => line.Item, line => line.PerDay);

        Assert.Equal(4000 * 65, lines["workers that detect"], 1e-6);
        Assert.Equal(2 * 3 * 480 * 65, lines["workers that start and cool down"], 1e-6);
        Assert.Equal(86_400 * 3, lines["coordinator"], 1e-6);
        Assert.Equal(200, lines["writes and lists of blobs"], 1e-6);
        Assert.Equal((6_000_000 + (62_500 * 12) + (8 * 86_400)) / 10_000.0, lines["operations on queues"], 1e-6);
        Assert.Equal(4, lines["operations of Event Grid"], 1e-6);
        Assert.Equal(2_550_000_000 / Math.Pow(2, 30), lines["logs, bytes"], 1e-6);
        Assert.Equal((1, 72), (lines["registry, days"], lines["private endpoints, hours"]));
        Assert.Equal(lines.Values.Sum(), report.PerDay, 1e-6);
        Assert.Equal(report.PerDay, report.PerMillionImages!.Value, 1e-6);
        Assert.Equal(report.PerDay * 365 / 12, report.PerMonth, 1e-6);
    }

    [Fact]
    public void Estimate_WithoutImages_HasTheCostOfWaitingOnly()
    {
        var report = new CostModel(Prices(1)).Estimate(new Workload { ImagesPerDay = 0, Profile = WorkerProfile.All[1] });

        Assert.Equal(
            ["alert rules", "coordinator", "logs, bytes", "operations on queues", "registry, days"],
            report.Lines.Where(line => line.PerDay > 0).Select(line => line.Item).Order());
        Assert.Null(report.PerMillionImages);
    }

    /// <summary>As many as the template makes: seven queries always, one about the GPU, one about the coordinator's silence, one metric.</summary>
    [Theory]
    [InlineData("T4", false, 10)]
    [InlineData("T4", true, 9)]
    [InlineData("cpu", false, 9)]
    [InlineData("cpu", true, 8)]
    public void Estimate_AlertRules_AreThoseOfTheTemplate(string profile, bool isScheduled, int rules)
    {
        var report = new CostModel(Prices(1)).Estimate(new Workload
        {
            ImagesPerDay = 0,
            Profile = WorkerProfile.All.Single(known => known.Name == profile),
            IsScheduled = isScheduled,
        });

        Assert.Equal(rules, report.Lines.Single(line => line.Item == "alert rules").PerDay * 365 / 12, 1e-6);
    }

    [Fact]
    public void Estimate_WithAScheduler_CostsLessToWaitAndPaysForActions()
    {
        var model = new CostModel(PriceList.Own());
        var idle = new Workload { ImagesPerDay = 0, Profile = WorkerProfile.All[0] };
        var busy = idle with { ImagesPerDay = 1_000_000, IsScheduled = true };

        Assert.True(model.Estimate(idle with { IsScheduled = true }).PerDay < model.Estimate(idle).PerDay / 2);
        Assert.True(model.Estimate(busy).Lines.Single(line => line.Item == "actions of the scheduler").PerDay > 0);
    }

    /// <summary>A price that nobody has read anywhere says so, in every answer that it is part of.</summary>
    [Fact]
    public void OwnPrices_EachOne_HasASourceOrIsAnAssumption()
    {
        var own = PriceList.Own();
        var report = new CostModel(own).Estimate(new Workload { ImagesPerDay = 1, Profile = WorkerProfile.All[0], IsPrivate = true });

        Assert.All(own.Prices.Values, price => Assert.StartsWith("https://", price.Source ?? "https://", StringComparison.Ordinal));
        Assert.Contains("t4Second", report.AssumedPrices);
        Assert.DoesNotContain("vcpuSecond", report.AssumedPrices);
        Assert.True(report.Lines.Single(line => line.Item == "workers that detect").IsAssumption);
        Assert.False(report.Lines.Single(line => line.Item == "coordinator").IsAssumption);
    }

    [Theory]
    [InlineData("nonsense", "a file of prices")]
    [InlineData("null", "a file of prices")]
    [InlineData("""{ "date": "2026-01-01", "currency": "EUR", "prices": {} }""", "also the prices a100Second, alertRuleMonth,")]
    public void Read_FileThatIsNoPriceList_SaysWhatIsMissing(string text, string expected)
    {
        var file = new FileInfo(_folder.File("prices.json"));
        File.WriteAllText(file.FullName, text);

        var exception = Assert.Throws<CliException>(() => PriceList.Read(file));

        Assert.Equal("prices_invalid", exception.Code);
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        Assert.Contains(file.Name, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_NegativePrice_IsRefusedByName()
    {
        var file = new FileInfo(_folder.File("prices.json"));
        File.WriteAllText(file.FullName, PriceList.OwnText().Replace("0.000024", "-1", StringComparison.Ordinal));

        var exception = Assert.Throws<CliException>(() => PriceList.Read(file));
        Assert.Contains("expected 'vcpuSecond' to be 0 or more, found -1", exception.Message, StringComparison.Ordinal);
        Assert.Equal("file_not_found", Assert.Throws<CliException>(() => PriceList.Read(new FileInfo("/no/such/prices.json"))).Code);
    }

    [Theory]
    [InlineData("--images: expected images a day, found none.")]
    [InlineData("--images: expected 0 to 1000000000000, found -1.", "--images", "-1")]
    [InlineData("V100", "--images", "1", "--profile", "V100")]
    [InlineData("--rate: expected 0.01 to 1000000, found 0.", "--images", "1", "--rate", "0")]
    public void Command_WrongUsage_IsNamed(string expected, params string[] arguments) => Assert.Contains(
        CostCommand.Create().Parse(arguments).Errors, error => error.Message.Contains(expected, StringComparison.Ordinal));

    [Fact]
    public async Task Command_WithPricesOfOnesOwn_CountsWithThem()
    {
        var file = _folder.File("prices.json");
        Assert.Equal(0, (await Cli.RunAsync("cost", "--write-prices", file)).ExitCode);
        var text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(file, text.Replace("USD", "EUR", StringComparison.Ordinal), TestContext.Current.CancellationToken);

        var report = await Cli.JsonAsync("cost", "--images", "10000", "--profile", "A100", "--rate", "500", "--jobs", "--prices", file);

        Assert.Equal("EUR", report.GetProperty("currency").GetString());
        Assert.Equal(500, report.GetProperty("imagesPerSecond").GetDouble());
        Assert.Equal(20, report.GetProperty("lines")[0].GetProperty("quantity").GetDouble(), 1e-9);
    }

    private static PriceList Prices(double price) => PriceList.Own() with
    {
        Prices = PriceList.Own().Prices.ToDictionary(pair => pair.Key, pair => pair.Value with { Amount = price }),
    };
}
