package onbehalf.spring;

import static org.springframework.security.oauth2.client.web.client.RequestAttributeClientRegistrationIdResolver.clientRegistrationId;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClientManager;
import org.springframework.security.oauth2.client.web.client.OAuth2ClientHttpRequestInterceptor;
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestClient;

/** Signs its user in with OpenID Connect and calls user-service with what it was given. */
@SpringBootApplication
public class ClientApp {
  public static void main(String[] args) {
    SpringApplication.run(ClientApp.class, args);
  }

  @Bean
  RestClient userService(
      OAuth2AuthorizedClientManager clients, RestClient.Builder builder, @Value("${user-service}") String url) {
    return builder.baseUrl(url).requestInterceptor(new OAuth2ClientHttpRequestInterceptor(clients)).build();
  }
}

@RestController
class HomeController {
  private final RestClient userService;

  HomeController(RestClient userService) {
    this.userService = userService;
  }

  @GetMapping("/")
  String home(@AuthenticationPrincipal OidcUser user) {
    String answer =
        userService
            .get()
            .uri("/user/message")
            .attributes(clientRegistrationId("messaging-client-oidc"))
            .retrieve()
            .body(String.class);
    return user.getName() + " (" + user.getAuthorizedParty() + "): " + answer;
  }
}
