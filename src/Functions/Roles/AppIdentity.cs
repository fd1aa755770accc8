using System.Reflection;

namespace Nanodet.Serverless.Functions.Roles;

/// <summary>Which build this process is, and what it does.</summary>
/// <param name="Role">Its role.</param>
public sealed record AppIdentity(AppRole Role)
{
    /// <summary>The version of the app.</summary>
    public string Version { get; } =
        typeof(AppIdentity).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";
}
