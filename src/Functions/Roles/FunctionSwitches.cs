using Microsoft.Extensions.Configuration;

namespace Nanodet.Serverless.Functions.Roles;

/// <summary>Which functions the settings turn off. The host obeys them; a function that asks for another one reads them here.</summary>
/// <param name="configuration">The app's settings.</param>
public sealed class FunctionSwitches(IConfiguration configuration)
{
    /// <summary>Whether a function is turned off, in any spelling that the host accepts.</summary>
    public bool IsDisabled(string function)
    {
        string[] spellings =
        [
            $"AzureWebJobs.{function}.Disabled", $"AzureWebJobs:{function}:Disabled", $"AzureWebJobs_{function}_Disabled",
        ];
        return spellings.Any(spelling => configuration[spelling]?.ToUpperInvariant() is "TRUE" or "1");
    }
}
