using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Hosting;
using Nanodet.Serverless.Functions.Roles;

namespace Nanodet.Serverless.Functions.Hosting;

/// <summary>
/// Refuses to start when a role's settings leave another role's functions enabled: their messages would fail here until they are
/// poison.
/// </summary>
internal sealed class RoleCheck(AppIdentity app, FunctionSwitches switches) : IHostedService
{
    /// <exception cref="InvalidOperationException">Names the missing settings.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var missing = Names().Where(name => !RoleFunctions.Runs(app.Role, name) && !switches.IsDisabled(name)).Order().ToArray();
        return missing.Length == 0
            ? Task.CompletedTask
            : Task.FromException(new InvalidOperationException(
                $"Nanodet:Role is {app.Role}; expected these settings to be true, too: "
                + string.Join(", ", missing.Select(name => $"AzureWebJobs.{name}.Disabled")) + "."));
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Every function of this app.</summary>
    internal static IEnumerable<string> Names() =>
        from type in typeof(RoleCheck).Assembly.GetTypes()
        from method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
        let function = method.GetCustomAttribute<FunctionAttribute>()
        where function is not null
        select function.Name;
}
