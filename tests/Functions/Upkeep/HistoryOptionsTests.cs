using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Nanodet.Serverless.Functions.Upkeep;

namespace Nanodet.Serverless.Functions.Tests.Upkeep;

public sealed class HistoryOptionsTests
{
    [Theory]
    [InlineData("00:00:00", true)]
    [InlineData("365.00:00:00", true)]
    [InlineData("366.00:00:00", false)]
    [InlineData("-00:00:01", false)]
    public void Retention_OutOfRange_IsRefused(string retention, bool valid)
    {
        var options = new HistoryOptions { Retention = TimeSpan.Parse(retention, null) };

        Assert.Equal(valid, Validator.TryValidateObject(options, new ValidationContext(options), null, validateAllProperties: true));
    }

    [Fact]
    public void Retention_Default_IsThirtyDays() => Assert.Equal(TimeSpan.FromDays(30), new HistoryOptions().Retention);

    [Theory]
    [InlineData("00:00:00", 1, false)]
    [InlineData("00:00:01", 1, true)]
    [InlineData("00:25:00", 10_000_000, true)]
    [InlineData("00:25:01", 1, false)]
    [InlineData("00:00:01", 0, false)]
    public void Bounds_OutOfRange_AreRefused(string time, int instances, bool valid)
    {
        var options = new HistoryOptions { MaxTime = TimeSpan.Parse(time, null), MaxInstances = instances };

        Assert.Equal(valid, Validator.TryValidateObject(options, new ValidationContext(options), null, validateAllProperties: true));
    }

    [Fact]
    public void MaxTime_Greatest_IsBelowTheTimeoutOfFunctions()
    {
        using var host = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "host.json")));

        Assert.True(TimeSpan.Parse(host.RootElement.GetProperty("functionTimeout").GetString()!, null) > TimeSpan.FromMinutes(25));
    }
}
