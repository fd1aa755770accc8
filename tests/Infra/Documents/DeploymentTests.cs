using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Nanodet.Serverless.Infra.Tests.Bicep;

namespace Nanodet.Serverless.Infra.Tests.Documents;

/// <summary>What the documents tell a deployer to set and to expect, against the template and the scripts.</summary>
public sealed partial class DeploymentTests
{
    [Fact]
    public async Task Commands_ThatSetSomething_NameASettingAndAValueThatItTakes()
    {
        using var template = JsonDocument.Parse((await Template.CompileAsync()).Template);
        var parameters = Parameters();
        var scripts = string.Concat(Directory.EnumerateFiles(Repository.PathOf("infra"), "*.sh", SearchOption.AllDirectories)
            .Append(Repository.PathOf("azure.yaml")).Select(File.ReadAllText));
        var commands = Directory.EnumerateFiles(Repository.PathOf("docs"), "*.md", SearchOption.AllDirectories).Append(Repository.PathOf("README.md"))
            .SelectMany(file => SetCommand().Matches(File.ReadAllText(file)))
            .Select(match => (Name: match.Groups["name"].Value, Value: match.Groups["value"].Value)).ToArray();

        Assert.True(commands.Length > 15);
        Assert.All(commands, command => Assert.True(
            parameters.ContainsKey(command.Name) || scripts.Contains(command.Name, StringComparison.Ordinal), $"nothing reads {command.Name}"));
        Assert.All(commands.Where(command => parameters.ContainsKey(command.Name)), command =>
        {
            var allowed = Allowed(template.RootElement, parameters[command.Name].Parameter);
            Assert.True(allowed.Length == 0 || allowed.Contains(command.Value), $"{command.Name} does not take {command.Value}");
        });
    }

    /// <summary>A date that stands in a document is past when somebody copies it, and Azure takes none that is past.</summary>
    [Fact]
    public void Commands_ThatSetTheBudget_BeginItNow() => Assert.All(
        Directory.EnumerateFiles(Repository.PathOf("docs"), "*.md"),
        file => Assert.DoesNotMatch(@"NANODET_BUDGET_START ""?\d", File.ReadAllText(file)));

    /// <summary>The table of settings says what is in force where nobody set anything.</summary>
    [Fact]
    public void Defaults_OfTheManual_AreThoseOfTheTemplate()
    {
        var documented = File.ReadLines(Repository.PathOf("docs", "operations.md"))
            .Select(line => line.Split('|')).Where(cells => cells.Length > 3 && Setting().IsMatch(cells[1]))
            .SelectMany(cells => Setting().Matches(cells[1]).Zip(
                cells[2].Trim().Split(", "), (name, value) => (Name: name.Groups["name"].Value, Value: value.Trim('`').Split(':')[0])))
            .GroupBy(setting => setting.Name).ToDictionary(group => group.Key, group => group.First().Value);
        var defaults = Parameters().Where(parameter => parameter.Value.Default.Length > 0).ToArray();

        Assert.True(defaults.Length > 15);
        Assert.All(defaults, parameter => Assert.Equal(parameter.Value.Default, documented.GetValueOrDefault(parameter.Key)));
    }

    [Fact]
    public async Task Figures_OfTheFirstDeployment_AreThoseOfTheTemplateAndTheCosts()
    {
        var text = await File.ReadAllTextAsync(Repository.PathOf("docs", "deploy.md"), TestContext.Current.CancellationToken);
        var together = Together().Match(await File.ReadAllTextAsync(Repository.PathOf("docs", "costs.md"), TestContext.Current.CancellationToken));
        var preflight = await File.ReadAllTextAsync(Repository.PathOf("infra", "preflight.sh"), TestContext.Current.CancellationToken);
        var scale = (await Template.EvaluateAsync("gpu-t4", "split")).App("worker").GetProperty("properties").GetProperty("template").GetProperty("scale");

        Assert.Equal("3", Parameters()["NANODET_MAX_WORKERS"].Default);
        Assert.Contains("default of three workers", text, StringComparison.Ordinal);
        Assert.Equal(300, scale.GetProperty("cooldownPeriod").GetInt32());
        Assert.Contains("[5 minutes longer]", text, StringComparison.Ordinal);
        Assert.Contains($"nothing to do, about {Rounded("idle")} USD a day", text, StringComparison.Ordinal);
        Assert.Contains($"10,000 images a night about {Rounded("night")}.", text, StringComparison.Ordinal);
        Assert.All(Versions().Matches(text), match => Assert.Contains($" {match.Groups["version"].Value}.0 ", preflight, StringComparison.Ordinal));
        Assert.Equal(2, Versions().Count(text));

        string Rounded(string column) =>
            Math.Round(double.Parse(together.Groups[column].Value, CultureInfo.InvariantCulture)).ToString(CultureInfo.InvariantCulture);
    }

    private static Dictionary<string, (string Parameter, string Default)> Parameters()
    {
        using var azd = JsonDocument.Parse(File.ReadAllText(Path.Combine(Template.Folder, "main.parameters.json")));
        return azd.RootElement.GetProperty("parameters").EnumerateObject()
            .Select(item => (item.Name, Match: Placeholder().Match(item.Value.GetProperty("value").GetString()!)))
            .ToDictionary(item => item.Match.Groups["name"].Value, item => (item.Name, item.Match.Groups["default"].Value));
    }

    private static string[] Allowed(JsonElement template, string name)
    {
        var parameter = template.GetProperty("parameters").GetProperty(name);
        var definition = parameter.TryGetProperty("$ref", out var reference)
            ? template.GetProperty("definitions").GetProperty(reference.GetString()!.Split('/')[^1])
            : parameter;
        return definition.TryGetProperty("allowedValues", out var allowed)
            ? [.. allowed.EnumerateArray().Select(value => value.ToString())]
            : [];
    }

    [GeneratedRegex(@"azd env set (?<name>[A-Z][A-Z_]+) (?<value>[^\s`,)]+)")]
    private static partial Regex SetCommand();

    [GeneratedRegex(@"`(?<name>(NANODET|AZURE)_[A-Z_]+)`")]
    private static partial Regex Setting();

    [GeneratedRegex(@"^\$\{(?<name>[A-Z_]+)(=(?<default>[^}]*))?\}$")]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"\| \*\*together\*\* \| \*\*(?<night>[\d.]+)\*\* \| \*\*[\d.]+\*\* \| \*\*(?<idle>[\d.]+)\*\* \|")]
    private static partial Regex Together();

    [GeneratedRegex(@"\) (?<version>\d+\.\d+) or later")]
    private static partial Regex Versions();
}
