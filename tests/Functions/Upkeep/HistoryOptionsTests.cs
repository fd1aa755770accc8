using System.ComponentModel.DataAnnotations;
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
}
